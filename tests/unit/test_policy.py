from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from instance_refresh.model.policy import _READERS, Policy, policy
from instance_refresh.model.window import window


def read(**tags: str) -> Policy:
    found = policy({f"instance-refresh:{key.replace('_', '-')}": tags[key] for key in tags})
    assert isinstance(found, Policy), found
    return found


def test_every_tag_is_read() -> None:
    found = read(
        image_family="web",
        ring="2",
        batch_size="25pct",
        bake="10m",
        fail_process="AUTO_ROLLBACK",
        hold="black friday",
        paused_action="rollback",
        window="Mon-Fri 02:00-05:00 Asia/Shanghai",
    )
    assert (found.family, found.ring, found.hold) == ("web", 2, "black friday")
    assert found.bake == timedelta(minutes=10)
    assert found.paused_action == "rollback"
    assert found.rolling == {
        "BatchSize": "25%",
        "BatchPause": "BATCH_INTERVAL_PAUSE",
        "FailProcess": "AUTO_ROLLBACK",
    }
    assert found.window is not None


def test_without_tags_nothing_is_asked_for() -> None:
    assert read(image_family="web").rolling == {}
    assert read(image_family="web", batch_pause="FIRST_BATCH_PAUSE", bake="1h").rolling == {
        "BatchPause": "FIRST_BATCH_PAUSE"
    }


@pytest.mark.parametrize(
    ("tag", "value", "accepted"),
    [
        ("ring", "first", "a whole number"),
        ("ring", "-1", "a whole number"),
        ("ring", "1000", "from 0 to 999"),
        ("batch-size", "150%", "a count of instances"),
        ("batch-size", "0", "a count of instances"),
        ("batch-pause", "automatic", "AUTOMATIC"),
        ("bake", "10", "10m"),
        ("window", "whenever", "Mon-Fri 02:00-05:00"),
        ("window", "Mon 02:00-25:00 UTC", "Mon-Fri 02:00-05:00"),
        ("window", "Moo 02:00-05:00 UTC", "Mon-Fri 02:00-05:00"),
        ("window", "Mon 02:00-05:00 Mars/Olympus", "no time zone known here, Mars/Olympus"),
        ("hold", " ", "empty"),
        ("fail-process", "ROLLBACK", "AUTO_ROLLBACK"),
        ("paused-action", "stop", "rollback"),
        ("image-family", "", "empty"),
        ("windw", "x", "instance-refresh:window"),
    ],
)
def test_a_wrong_tag_is_named_with_the_accepted_form(tag: str, value: str, accepted: str) -> None:
    found = policy({"instance-refresh:image-family": "web", f"instance-refresh:{tag}": value})
    assert not isinstance(found, Policy)
    (problem,) = found
    assert problem.pointer == f"tag instance-refresh:{tag}"
    assert accepted in problem.message


def test_all_wrong_tags_are_reported_together() -> None:
    found = policy(dict.fromkeys(_READERS, "?") | {"owner": "someone"})
    assert not isinstance(found, Policy)
    assert len(found) == len(_READERS) - 2  # a family and a reason to hold may be any text


@pytest.mark.parametrize(
    ("text", "moment", "is_open"),
    [
        ("Mon-Fri 02:00-05:00 Asia/Shanghai", "2026-01-04T18:00:00", True),  # Monday 02:00 there
        ("Mon-Fri 02:00-05:00 Asia/Shanghai", "2026-01-04T21:00:00", False),
        ("Mon-Fri 02:00-05:00 Asia/Shanghai", "2026-01-03T19:00:00", False),  # Sunday there
        ("02:00-05:00 UTC", "2026-01-03T04:59:59", True),
        ("Sat,Sun 22:00-04:00 UTC", "2026-01-04T23:00:00", True),
        ("Sat,Sun 22:00-04:00 UTC", "2026-01-05T03:59:00", True),
        ("Sat,Sun 22:00-04:00 UTC", "2026-01-05T23:00:00", False),
        ("Fri-Mon 00:00-23:59 UTC", "2026-01-05T12:00:00", True),
        ("Fri-Mon 00:00-23:59 UTC", "2026-01-06T12:00:00", False),
    ],
)
def test_windows(text: str, moment: str, *, is_open: bool) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
    assert window(text).open_at(now) is is_open
