"""Who calls, and where: from the environment, else from where the vendor's CLI keeps it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from instance_refresh.clock import Deadline
from instance_refresh.gateway.cloud import Cloud, Credentials
from instance_refresh.settings import NAMES, settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from instance_refresh.settings import Settings

_NAMES = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN")
# What a function has for itself, and no other way to look or act needs.
# fmt: off
OF_FUNCTIONS = frozenset({
    "WEBHOOK_AUTH", "WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS", "ALLOWED_ACTIONS",
    "STATUS_AUTH", "STATUS_SECRET", "STATUS_URL", "COS_ENDPOINT",
    "MANIFEST_PREFIX", "MANIFEST_SUFFIX", "MANIFEST_BUCKETS",
    "REGIONS", "LOG_LEVEL", "NOTIFY", "NOTIFY_LEVEL", "NOTIFY_LANGUAGE",
})
# fmt: on
_SERVICES = {"AS_ENDPOINT": ("autoscaling", "as"), "CVM_ENDPOINT": ("cvm",)}
_LONGEST_MS = 300_000


class NotConfigured(Exception):
    """Says what is not known of who calls, and how to set it."""


class Account(NamedTuple):
    """Whose cloud, and the region that is meant where none is named."""

    credentials: Credentials
    region: str
    settings: Settings

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.settings, self.credentials, Deadline(_LONGEST_MS))


def account(environ: Mapping[str, str], home: Path, profile: str | None, region: str) -> Account:
    """Find the account; a profile that is named goes before the environment."""
    name = profile or environ.get("TCCLI_PROFILE") or "default"
    configured = _read(home / ".tccli" / f"{name}.configure")
    own = configured.get("_sys_param", configured)
    region = region or environ.get("TENCENTCLOUD_REGION", "") or str(own.get("region") or "")
    if not region:
        message = "no region is known: give --region, set TENCENTCLOUD_REGION, or tccli configure"
        raise NotConfigured(message)
    known = {key: environ[key] for key in NAMES if environ.get(key) and key not in OF_FUNCTIONS}
    read = settings({**_endpoints(configured), **known})
    if read.wrong:  # a function does its work all the same, and says so in its log
        raise NotConfigured("; ".join(read.wrong))
    return Account(_credentials({} if profile else environ, home, name), region, read)


def _credentials(environ: Mapping[str, str], home: Path, profile: str) -> Credentials:
    if environ.get(_NAMES[0]) and environ.get(_NAMES[1]):
        return Credentials(*(environ.get(name, "") for name in _NAMES))
    path = home / ".tccli" / f"{profile}.credential"
    kept = _read(path)
    keys = [str(kept.get(name) or "") for name in ("secretId", "secretKey", "token")]
    if not (keys[0] and keys[1]):
        names = " and ".join(_NAMES[:2])
        message = f"no credentials are known: set {names}, or run tccli configure ({path})"
        raise NotConfigured(message)
    ends = kept.get("expiresAt")
    if isinstance(ends, (int, float)) and ends <= time.time():
        message = f"the credentials in {path} have ended: any call of tccli renews them"
        raise NotConfigured(message)
    return Credentials(*keys)


def _endpoints(configured: Mapping[str, Any]) -> dict[str, str]:
    """Give the endpoints that the vendor's CLI is configured with: of the international site."""
    found = {}
    for setting, names in _SERVICES.items():
        kept = [configured.get(name) for name in names]
        hosts = [one["endpoint"] for one in kept if isinstance(one, dict) and one.get("endpoint")]
        if hosts:
            found[setting] = f"https://{hosts[0]}"
    return found


def _read(path: Path) -> dict[str, Any]:
    """Read a file of the vendor's CLI; nothing where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        message = f"{path} can't be read as JSON: run tccli configure"
        raise NotConfigured(message) from None
    return document if isinstance(document, dict) else {}
