"""The functions' settings: a table of what their environment variables say."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from .errors import InvalidSetting
from .model.action import PAUSED_ACTIONS
from .model.cron import Cron, cron
from .model.limits import RESTORES, Allowed, Limits, Restore
from .model.message import LEVELS, Level
from .model.readers import duration, one_of, whole
from .model.request import START, VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from .model.action import PausedAction
    from .model.request import Verb
    from .notify.channels import Channel
    from .notify.words import Language

Value = TypeVar("Value")
_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?/?")
_STATUS = re.compile(r"(https://[A-Za-z0-9.\-]+|http://127\.0\.0\.1)(:[0-9]{1,5})?/?")
_LEAST_SECRET = 24
_VERB = one_of(*VERBS)
_SECRETS = ("webhook_secret", "webhook_secret_previous", "status_secret", "notify")
_LEVEL = one_of("DEBUG", "INFO", "WARNING", "ERROR")
_LANGUAGE: Callable[[str], Language] = one_of("en", "zh")


def _url(text: str) -> str:
    if text and not _URL.fullmatch(text):
        message = "must be a URL such as https://as.intl.tencentcloudapi.com"
        raise ValueError(message)
    return text.rstrip("/")


def _status_url(text: str) -> str:
    if text and not _STATUS.fullmatch(text):
        message = "must be the https:// URL of the status function"
        raise ValueError(message)
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _verbs(text: str) -> tuple[Verb, ...]:
    return tuple(map(_VERB, _words(text)))


def _secret(text: str) -> str:
    if not text:
        return ""
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        secret = b""
    if len(secret) < _LEAST_SECRET:
        message = f"must be whsec_ and the base64 of at least {_LEAST_SECRET} random bytes"
        raise ValueError(message)
    return text


def _level(text: str) -> Level:
    return one_of(*LEVELS)(text.upper())


def _channels(text: str) -> tuple[Channel, ...]:
    if not text:
        return ()
    from .notify.channels import channels  # few invocations tell anything

    return channels(text)


class Setting(NamedTuple):
    """A row of the table; an empty variable is as one that is not set, unless `empty`.

    One that is wrong stops the function, or is said and left out if `only_said`.
    """

    default: str
    read: Callable[[str], Any]
    meaning: str
    empty: bool
    only_said: bool


def _setting(
    default: str,
    read: Callable[[str], Value],
    meaning: str,
    *,
    empty: bool = False,
    only_said: bool = False,
) -> Value:
    """Make a row; it stands where its value will."""
    return cast("Value", Setting(default, read, meaning, empty, only_said))


class Settings(NamedTuple):
    """One line a setting: its variable's name in small letters, default, reader and meaning."""

    # fmt: off
    as_endpoint: str = _setting("https://as.tencentcloudapi.com", _url, "Auto Scaling")
    cvm_endpoint: str = _setting("https://cvm.tencentcloudapi.com", _url, "CVM")
    cos_endpoint: str = _setting("", _url, "COS; the bucket's own where it is empty")
    manifest_prefix: str = _setting("", str, "what the keys of manifests begin with")
    manifest_suffix: str = _setting(".json", str, "what they end with", empty=True)
    manifest_buckets: tuple[str, ...] = _setting("", _words, "the buckets whose manifests are read")
    image_creators: tuple[str, ...] = _setting("", _words, "whose shared images are allowed; * any")
    allowed_groups: tuple[str, ...] = _setting("", _words, "the groups that may be refreshed")
    allowed_regions: tuple[str, ...] = _setting("", _words, "the regions that are served")
    regions: tuple[str, ...] = _setting("", _words, "what is looked after; empty: its own")
    mode: str = _setting("act", one_of("act", "observe"), "whether anything is written")
    allowed_actions: tuple[Verb, ...] = _setting(START, _verbs, "what the webhook may be asked")
    log_level: str = _setting("INFO", lambda text: _LEVEL(text.upper()), "what is logged")
    webhook_auth: str = _setting("signature", one_of("signature", "cam"), "who checks the callers")
    webhook_secret: str = _setting("", _secret, "the secret that calls are signed with")
    webhook_secret_previous: str = _setting("", _secret, "accepted as well, while it is replaced")
    status_auth: str = _setting("signature", one_of("signature", "cam"), "who checks who looks")
    status_secret: str = _setting("", _secret, "the secret that status links are signed with")
    max_refreshing: int = _setting("5", whole(0, 9999), "how many followers refresh at a time")
    max_groups: int = _setting("10", whole(1, 1000), "how many groups the tags of a request start")
    paused_limit: timedelta = _setting("2h", duration, "how long a pause may last")
    failed_limit: timedelta = _setting("15m", duration, "how long a pause after a failure may last")
    stuck_limit: timedelta = _setting("1h", duration, "how long nothing may go on in a refresh")
    undeployed_limit: timedelta = _setting("1d", duration, "how long an image may be out unnoticed")
    paused_action: PausedAction = _setting("alert", one_of(*PAUSED_ACTIONS), "what ends a pause")
    paused_action_others: PausedAction = _setting("alert", one_of(*PAUSED_ACTIONS), "of the others")
    restore: Restore = _setting("all", one_of(*RESTORES), "whose configurations are restored")
    remind_every: timedelta = _setting("4h", duration, "how often it is told again", only_said=True)
    schedule_cron: Cron = _setting("0 */5 * * * * *", cron, "when the timer ticks", only_said=True)
    notify: tuple[Channel, ...] = _setting("", _channels, "where messages go", only_said=True)
    notify_level: Level = _setting("WARNING", _level, "the least that is sent", only_said=True)
    notify_language: Language = _setting("en", _LANGUAGE, "the messages' language", only_said=True)
    status_url: str = _setting("", _status_url, "where messages' links lead", only_said=True)
    # fmt: on
    wrong: tuple[str, ...] = ()

    @property
    def allowed(self) -> Allowed:
        return Allowed(self.image_creators, self.allowed_groups, self.allowed_regions)

    @property
    def limits(self) -> Limits:
        return Limits(
            paused=self.paused_limit,
            failed=self.failed_limit,
            stuck=self.stuck_limit,
            undeployed=self.undeployed_limit,
            paused_action=self.paused_action,
            refreshing=self.max_refreshing,
            groups=self.max_groups,
            others_action=self.paused_action_others,
            restore=self.restore,
            remind_every=self.remind_every,
        )

    def __repr__(self) -> str:
        """Show all but the secrets."""
        shown = {name: value for name, value in self._asdict().items() if name not in _SECRETS}
        return f"Settings({shown})"


TABLE: dict[str, Setting] = {
    name.upper(): row for name, row in Settings._field_defaults.items() if name != "wrong"
}
NAMES = tuple(TABLE)


def settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; an InvalidSetting names the variable that is wrong."""
    return _read(tuple(environ.get(name) for name in TABLE))


@lru_cache(maxsize=1)
def _read(texts: tuple[str | None, ...]) -> Settings:
    """Read them anew only where one has changed since the invocation before."""
    values, wrong = [], []
    for (name, row), text in zip(TABLE.items(), texts, strict=True):
        given = row.default if text is None or not (text or row.empty) else text
        try:
            values.append(row.read(given))
        except ValueError as error:
            if not row.only_said:
                raise InvalidSetting(name, str(error)) from None
            values.append(row.read(row.default))
            wrong.append(f"{name} {error}")
    return Settings(*values)._replace(wrong=tuple(wrong))
