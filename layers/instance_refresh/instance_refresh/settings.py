"""The functions' settings: what their environment variables say."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .act import PAUSED_ACTIONS
from .errors import InvalidSetting
from .values import duration, one_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from .act import PausedAction

Value = TypeVar("Value")
_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?/?")
_LEAST_SECRET = 24
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Allowed(NamedTuple):
    """What the settings allow: image creators, groups and regions; all where one is empty."""

    creators: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


ALL = Allowed()


class Limits(NamedTuple):
    """How long may pass before someone is told: of a pause, a failed batch, no progress, a publish.

    `paused_action` is what is done then to a pause, where the group has no tag that says it.
    """

    paused: timedelta
    failed: timedelta
    stuck: timedelta
    undeployed: timedelta
    paused_action: PausedAction


class Settings(NamedTuple):
    """What the environment says, checked; `settings` makes it."""

    as_endpoint: str
    cvm_endpoint: str
    cos_endpoint: str | None
    manifest_prefix: str
    manifest_suffix: str
    manifest_buckets: tuple[str, ...]
    allowed: Allowed
    log_level: str
    webhook_auth: str
    webhook_secrets: tuple[str, ...]
    max_refreshing: int
    limits: Limits

    def __repr__(self) -> str:
        """Show all but the secrets."""
        return f"Settings({self._replace(webhook_secrets=())._asdict()})"


def settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; an InvalidSetting names the variable that is wrong."""
    cos = environ.get("COS_ENDPOINT", "")
    return Settings(
        as_endpoint=_url(environ, "AS_ENDPOINT", "https://as.tencentcloudapi.com"),
        cvm_endpoint=_url(environ, "CVM_ENDPOINT", "https://cvm.tencentcloudapi.com"),
        cos_endpoint=_url(environ, "COS_ENDPOINT", "") if cos else None,
        manifest_prefix=environ.get("MANIFEST_PREFIX", ""),
        manifest_suffix=environ.get("MANIFEST_SUFFIX", ".json"),
        manifest_buckets=_words(environ.get("MANIFEST_BUCKETS", "")),
        allowed=Allowed(
            creators=_words(environ.get("IMAGE_CREATORS", "")),
            groups=_words(environ.get("ALLOWED_GROUPS", "")),
            regions=_words(environ.get("ALLOWED_REGIONS", "")),
        ),
        log_level=_read(environ, "LOG_LEVEL", "INFO", lambda text: one_of(*_LEVELS)(text.upper())),
        webhook_auth=_read(environ, "WEBHOOK_AUTH", "signature", one_of("signature", "cam")),
        webhook_secrets=(
            *_secret(environ, "WEBHOOK_SECRET"),
            *_secret(environ, "WEBHOOK_SECRET_PREVIOUS"),
        ),
        max_refreshing=_read(environ, "MAX_REFRESHING", "5", whole(1, 9999)),
        limits=Limits(
            paused=_read(environ, "PAUSED_LIMIT", "2h", duration),
            failed=_read(environ, "FAILED_LIMIT", "15m", duration),
            stuck=_read(environ, "STUCK_LIMIT", "1h", duration),
            undeployed=_read(environ, "UNDEPLOYED_LIMIT", "1d", duration),
            paused_action=_read(environ, "PAUSED_ACTION", "alert", one_of(*PAUSED_ACTIONS)),
        ),
    )


def _read(
    environ: Mapping[str, str], name: str, default: str, reader: Callable[[str], Value]
) -> Value:
    try:
        return reader(environ.get(name) or default)
    except ValueError as error:
        raise InvalidSetting(name, str(error)) from None


def _secret(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    value = environ.get(name, "")
    if not value:
        return ()
    try:
        secret = base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except ValueError:
        secret = b""
    if len(secret) < _LEAST_SECRET:
        accepted = f"must be whsec_ and the base64 of at least {_LEAST_SECRET} random bytes"
        raise InvalidSetting(name, accepted)
    return (value,)


def _url(environ: Mapping[str, str], name: str, default: str) -> str:
    value = environ.get(name) or default
    if not _URL.fullmatch(value):
        raise InvalidSetting(name, "must be a URL such as https://as.intl.tencentcloudapi.com")
    return value.rstrip("/")


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())
