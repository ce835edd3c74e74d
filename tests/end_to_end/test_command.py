"""The terminal command on a local cloud: what it does, asks and ends with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest

from instance_refresh.contract import check
from instance_refresh_command import act
from local.scf.project import ROOT
from tests.end_to_end.commanding import GROUP, NEW, OLD, one_group
from tests.end_to_end.harness import SECRET, World, denied_with, tags

if TYPE_CHECKING:
    from tests.end_to_end.commanding import Run

pytestmark = pytest.mark.world(fill=one_group)


def test_the_status_is_the_functions(run: Run, it: World) -> None:
    it.make_image(NEW)
    code, out, _ = run("status", "--json")
    (document,) = check("status", json.loads(out), "the status")["Regions"]
    assert code == 0
    assert document == it.status()
    code, out, _ = run("status", "--family", "web")
    assert code == 0
    for words in ("web (asg-web00001)", "due, next: started", OLD, NEW, "the schedule's next look"):
        assert words in out


def test_a_pipeline_learns_that_somebody_is_needed(run: Run, it: World) -> None:
    it.make_image(NEW)
    it.cloud.faults.fail_image(NEW)
    it.tick()
    it.finish()
    it.advance(3600)
    code, out, _ = run("status")
    assert code == act.REFUSED == 3
    assert "RefreshPaused" in out
    assert "the platform says: ins-" in out


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"hold": "freeze"}, ["queued Held, held: freeze", "held by its tag: freeze"]),
        ({"window": "Mon-Sun 02:00-03:00 UTC"}, ["queued WindowClosed", "opens at 2026-01-0"]),
        ({"ring": "1"}, ["queued RingWaits", "ring 1 waits for ring 0: asg-web00002"]),
    ],
)
def test_who_waits_says_why(run: Run, it: World, policy: dict[str, str], said: list[str]) -> None:
    it.region.groups[GROUP].tags.update(tags(**policy))
    it.region.add_group("asg-web00002", image=OLD, instances=1, tags=tags())
    it.make_image(NEW)
    _, out, _ = run("status", GROUP)
    assert [words for words in said if words not in out] == []
    it.advance(90_000)  # longer than UNDEPLOYED_LIMIT: somebody is needed, and why is in the notes
    _, out, _ = run("status", GROUP)
    assert said[1] in out


def test_what_failed_is_shown_before_the_limit_of_its_pause(run: Run, it: World) -> None:
    del it.region.groups[GROUP].tags["instance-refresh:image-family"]
    it.make_image(NEW)
    it.cloud.faults.fail_image(NEW)
    it.post(AutoScalingGroupId=GROUP, ImageId=NEW)
    it.finish()
    code, out, _ = run("status", "--watch")  # nothing goes on: it doesn't wait for the limit
    assert (code, len(out.splitlines())) == (act.REFUSED, 1)
    _, out, _ = run("status")
    for words in (
        "FAILED_PAUSE",
        "somebody, or the limit",
        "Resume, roll back or cancel it",
        "the platform says: ins-",
    ):
        assert words in out
    run("rollback", GROUP, "--yes")
    it.finish()
    row = json.loads(run("status", "--json")[1])["Regions"][0]["Groups"][0]
    assert (row["NextLook"], row.get("ImageToCome")) == ("restored", None)


def test_watching_ends_when_nothing_goes_on(run: Run, it: World) -> None:
    it.make_image(NEW)
    it.tick()
    it.cloud.on_call = lambda _: it.cloud.clock.advance(5)
    code, out, _ = run("status", "--watch", "--every", "0s")
    assert code == 0
    lines = out.splitlines()
    assert "1 in_progress; web 0%" in lines[0]
    assert "1 already_current; web 100%" in lines[-1]
    assert len(lines) > 2


def test_a_plan_changes_nothing_and_a_start_asks(run: Run, it: World) -> None:
    it.make_image(NEW)
    code, out, _ = run("plan", GROUP, "--image", NEW, "--batch-size", "50%")
    assert (code, "planned" in out, "in 2 batches" in out) == (0, True, True)
    code, out, err = run("start", GROUP, "--family", "web")
    assert (code, out) == (act.UNCONFIRMED, "") == (4, "")
    assert "planned" in err
    assert "add --yes" in err
    assert it.cloud.writes() == []
    code, out, _ = run("start", GROUP, "--family", "web", "--yes", "--json")
    (outcome,) = json.loads(out)["Outcomes"]
    assert (code, outcome["Outcome"], outcome["ImageId"]) == (0, "started", NEW)
    code, out, _ = run("start", GROUP, "--family", "web", "--yes")
    assert (code, "in_progress" in out) == (0, True)
    assert len(it.region.activities) == 1


def test_a_yes_at_the_terminal_goes_on_and_anything_else_does_not(run: Run, it: World) -> None:
    it.make_image(NEW)
    for answer, code in ((False, 4), (True, 0)):
        with (
            mock.patch("instance_refresh_command.act.click.confirm", return_value=answer),
            mock.patch("instance_refresh_command.act.is_terminal", return_value=True),
        ):
            assert run("start", "--image", NEW)[0] == code
        assert bool(it.region.activities) is answer


def test_what_is_refused_and_what_fails_have_codes_of_their_own(run: Run, it: World) -> None:
    code, out, _ = run("start", "asg-nosuch01", "--image", OLD, "--yes")
    assert (code, "GroupNotFound" in out or "no scaling group" in out) == (3, True)
    code, _, err = run("status", "--family", "nobody")
    assert (code, "NoFollower" in err) == (3, True)
    it.cloud.faults.inject("*", "denied", times=None)
    code, _, err = run("status")
    assert code == 1
    assert "CAM" in err  # the remedy
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explode"], "No such command"),
        (["status", "--tag", "app"], "must be key=value"),
        (["status", "web"], "must be the id of a scaling group"),
        (["plan", GROUP, "--image", "web"], "/ImageId must be an image id"),
        (["plan", GROUP, "--image", OLD, "--family", "web"], "not both"),
        (["plan", GROUP, "--image", OLD, "--batch-size", "lots"], "BatchSize"),
        (["status", "--every", "soon"], "must be a time such as 90s"),
        (["plan"], "is needed"),
    ],
)
def test_a_wrong_command_line_is_explained(run: Run, arguments: list[str], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_link_opens_what_it_was_made_for(run: Run, it: World) -> None:
    own = {"STATUS_URL": "https://status.example/", "STATUS_SECRET": SECRET}
    code, out, _ = run("link", "--family", "web", "--lasts", "2h", **own)
    url = urlsplit(out.strip())
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    event = {"httpMethod": "GET", "path": url.path, "headers": {}, "queryString": query}
    assert code == 0
    assert it.call("status", event)["statusCode"] == 200
    it.advance(7201)
    assert it.call("status", event)["statusCode"] == 401
    code, _, err = run("link", STATUS_URL="https://status.example/")
    assert (code, "STATUS_SECRET is not set" in err) == (1, True)


def test_nothing_secret_comes_out(run: Run, it: World) -> None:
    role = it.role
    keys = f"{role.secret_id} {role.secret_key} {role.token}"
    it.make_image(NEW)
    written: list[Any] = [
        run("status"),
        run("status", "--json"),
        run("plan", GROUP, "--image", NEW),
    ]
    it.cloud.faults.inject("*", "denied", times=None)
    with denied_with("AuthFailure.UnauthorizedOperation", keys):
        written += [run("status"), run("start", GROUP, "--image", NEW, "--yes")]
    own = {"STATUS_URL": "https://status.example/", "STATUS_SECRET": SECRET}
    written += [run("link", **own), run("link", STATUS_URL="x", STATUS_SECRET="pl4nted")]
    planted = [*keys.split(), SECRET, SECRET.removeprefix("whsec_"), "pl4nted", "TC3-HMAC"]
    assert [secret for secret in planted if secret in str(written)] == []


def test_control_characters_do_not_reach_the_terminal(run: Run, it: World) -> None:
    group = it.region.groups[GROUP]
    group.auto_scaling_group_name = "[red]web\x1b]0;owned\x07"
    group.tags["instance-refresh:hold"] = "\x1b[2Jgone [bold]"
    it.make_image(NEW)
    _, out, _ = run("status")
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "[red]web" in out


def test_the_help_has_examples_and_every_exit_code(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert {int(number) for number in re.findall(r"^\s+(\d+)  ", out, re.MULTILINE)} == {
        0, act.FAILED, 2, act.REFUSED, act.UNCONFIRMED, 130,
    }  # fmt: skip
    verbs = re.findall(r"instance-refresh (\w+)", out)
    assert {"status", "plan", "start", "stop", "resume", "rollback", "hold", "link"} <= set(verbs)
    for verb in (*verbs, "cancel", "release"):
        assert run(verb, "--help")[0] == 0


def test_it_is_installed_under_its_name_and_is_in_no_layer() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'instance-refresh = "instance_refresh_command.main:main"' in text
    layer = ROOT / "layers" / "instance_refresh"
    assert not list(layer.rglob("instance_refresh_command"))
    deployed = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(click|rich)==", deployed, re.MULTILINE)


def test_it_stops_resumes_rolls_back_holds_and_releases(run: Run, it: World) -> None:
    it.make_image(NEW)
    assert run("start", GROUP, "--image", NEW, "--batch-size", "1", "--yes")[0] == 0
    it.advance(40)
    assert run("stop", GROUP)[0] == act.UNCONFIRMED
    code, out, _ = run("stop", GROUP, "--yes")
    assert (code, "stopped" in out) == (0, True)
    it.finish()
    code, out, _ = run("resume", GROUP, "--dry-run")
    assert (code, "planned" in out) == (0, True)
    assert "resumed" in run("resume", GROUP, "--mode", "RETRY", "--yes")[1]
    assert run("stop", GROUP, "--yes")[0] == 0
    it.finish()
    assert "rolled_back" in run("rollback", GROUP, "--yes")[1]
    it.finish()
    assert it.runs(GROUP) == {OLD}
    code, out, _ = run("hold", GROUP, "--reason", "freeze until Monday", "--yes")
    assert (code, "held" in out) == (0, True), out
    assert "freeze until Monday" in json.dumps(it.status())
    assert run("release", GROUP, "--yes")[0] == 0
    assert "freeze" not in json.dumps(it.status())
    code, out, _ = run("cancel", GROUP, "--yes")
    assert code == act.REFUSED
    assert run("hold", GROUP, "--yes")[0] == 2
