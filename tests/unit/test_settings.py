from __future__ import annotations

from typing import Any

import pytest

from instance_refresh.errors import InvalidSetting
from instance_refresh.settings import NAMES, settings


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


class Environ(dict[str, str]):
    """Holds nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return default


def test_every_variable_that_is_read_is_one_of_the_names() -> None:
    environ = Environ()
    settings(environ)
    assert sorted(environ.asked) == sorted(NAMES)


def test_a_level_may_be_written_in_small_letters() -> None:
    assert settings({"LOG_LEVEL": " warning"}).log_level == "WARNING"
