from __future__ import annotations

import pytest

from instance_refresh.errors import InvalidSetting
from instance_refresh.settings import settings


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("MAX_REFRESHING", "0", "from 1 to 9999"),
        ("MAX_REFRESHING", "10000", "from 1 to 9999"),
        ("MAX_REFRESHING", "lots", "from 1 to 9999"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
        ("PAUSED_LIMIT", "soon", "a time such as 90s"),
        ("PAUSED_ACTION", "stop", "one of alert"),
        ("WEBHOOK_AUTH", "none", "one of signature, cam"),
        ("WEBHOOK_SECRET", "whsec_c2hvcnQ=", "at least 24 random bytes"),
        ("COS_ENDPOINT", "cos.example", "a URL such as https://"),
        ("AS_ENDPOINT", "ftp://as.example", "a URL such as https://"),
    ],
)
def test_a_wrong_setting_is_named_with_the_accepted_form(
    name: str, value: str, accepted: str
) -> None:
    with pytest.raises(InvalidSetting, match=f"{name} must be .*{accepted}"):
        settings({name: value})


def test_a_level_may_be_written_in_small_letters() -> None:
    assert settings({"LOG_LEVEL": " warning"}).log_level == "WARNING"
