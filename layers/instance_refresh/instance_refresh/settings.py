"""The functions' settings: what their environment variables say."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .errors import InvalidSetting
from .model.action import PAUSED_ACTIONS
from .model.limits import Allowed, Limits
from .model.readers import duration, one_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


Value = TypeVar("Value")
# The variables that `settings` reads.
NAMES = (
    "AS_ENDPOINT",
    "CVM_ENDPOINT",
    "COS_ENDPOINT",
    "MANIFEST_PREFIX",
    "MANIFEST_SUFFIX",
    "MANIFEST_BUCKETS",
    "IMAGE_CREATORS",
    "ALLOWED_GROUPS",
    "ALLOWED_REGIONS",
    "LOG_LEVEL",
    "WEBHOOK_AUTH",
    "WEBHOOK_SECRET",
    "WEBHOOK_SECRET_PREVIOUS",
    "MAX_REFRESHING",
    "MAX_GROUPS",
    "PAUSED_LIMIT",
    "FAILED_LIMIT",
    "STUCK_LIMIT",
    "UNDEPLOYED_LIMIT",
    "PAUSED_ACTION",
)
_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?/?")
_LEAST_SECRET = 24
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


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
    limits: Limits

    def __repr__(self) -> str:
        """Show all but the secrets."""
        return f"Settings({self._replace(webhook_secrets=())._asdict()})"


def settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; an InvalidSetting names the variable that is wrong."""
    return Settings(
        as_endpoint=_read(environ, "AS_ENDPOINT", "https://as.tencentcloudapi.com", _url),
        cvm_endpoint=_read(environ, "CVM_ENDPOINT", "https://cvm.tencentcloudapi.com", _url),
        cos_endpoint=_read(environ, "COS_ENDPOINT", "", _url) or None,
        manifest_prefix=environ.get("MANIFEST_PREFIX", ""),
        manifest_suffix=environ.get("MANIFEST_SUFFIX", ".json"),
        manifest_buckets=_read(environ, "MANIFEST_BUCKETS", "", _words),
        allowed=Allowed(
            creators=_read(environ, "IMAGE_CREATORS", "", _words),
            groups=_read(environ, "ALLOWED_GROUPS", "", _words),
            regions=_read(environ, "ALLOWED_REGIONS", "", _words),
        ),
        log_level=_read(environ, "LOG_LEVEL", "INFO", lambda text: one_of(*_LEVELS)(text.upper())),
        webhook_auth=_read(environ, "WEBHOOK_AUTH", "signature", one_of("signature", "cam")),
        webhook_secrets=(
            *_read(environ, "WEBHOOK_SECRET", "", _secret),
            *_read(environ, "WEBHOOK_SECRET_PREVIOUS", "", _secret),
        ),
        limits=Limits(
            paused=_read(environ, "PAUSED_LIMIT", "2h", duration),
            failed=_read(environ, "FAILED_LIMIT", "15m", duration),
            stuck=_read(environ, "STUCK_LIMIT", "1h", duration),
            undeployed=_read(environ, "UNDEPLOYED_LIMIT", "1d", duration),
            paused_action=_read(environ, "PAUSED_ACTION", "alert", one_of(*PAUSED_ACTIONS)),
            refreshing=_read(environ, "MAX_REFRESHING", "5", whole(0, 9999)),
            groups=_read(environ, "MAX_GROUPS", "10", whole(1, 1000)),
        ),
    )


def _read(
    environ: Mapping[str, str], name: str, default: str, reader: Callable[[str], Value]
) -> Value:
    try:
        return reader(environ.get(name) or default)
    except ValueError as error:
        raise InvalidSetting(name, str(error)) from None


def _secret(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        secret = b""
    if len(secret) < _LEAST_SECRET:
        message = f"must be whsec_ and the base64 of at least {_LEAST_SECRET} random bytes"
        raise ValueError(message)
    return (text,)


def _url(text: str) -> str:
    if text and not _URL.fullmatch(text):
        message = "must be a URL such as https://as.intl.tencentcloudapi.com"
        raise ValueError(message)
    return text.rstrip("/")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
