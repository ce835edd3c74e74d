"""Standard Webhooks: who calls the webhook proves it with a secret, and says when it was signed.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from standardwebhooks.webhooks import Webhook

from .. import clock
from ..errors import InvalidSetting, NotServed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# An id with dots would let another text have the same signed bytes: `id.timestamp.body`.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STAMP = re.compile(r"[0-9]{1,12}")
# What is signed counts as asked at its time: one to come would be asked again and again.
_OLDEST, _AHEAD = timedelta(minutes=5), 1


def signed_at(
    headers: Mapping[str, str], body: bytes, auth: str, secrets: Sequence[str], of: str
) -> datetime | None:
    """Give when the call was signed; None where CAM has checked the caller, and says no time.

    Where a secret is set, it counts with `cam` too: the URL may still be open.
    `headers` have lower-case names. A call that isn't signed with one of the secrets, or was signed
    more than five minutes ago, is NotServed; without any secret it is an InvalidSetting of that
    function's: `of` is what its settings' names begin with.
    """
    secrets = tuple(filter(None, secrets))
    if auth == "cam" and not secrets:
        # https://cloud.tencent.com/document/product/583/96100
        return _moment(headers.get("x-scf-cam-timestamp") or headers.get("webhook-timestamp", ""))
    if not secrets:
        accepted = f"is not set: no call is served. Set it, or {of}_AUTH=cam with CAM on the URL"
        raise InvalidSetting(f"{of}_SECRET", accepted)
    identifier, at = headers.get("webhook-id", ""), _moment(headers.get("webhook-timestamp", ""))
    if at is None or clock.now() - at > _OLDEST or not _ID.fullmatch(identifier):
        raise unauthorized()
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")
    with suppress(UnicodeDecodeError):
        for secret in secrets:
            expected = Webhook(secret).sign(identifier, at, body.decode()).encode()
            if any(hmac.compare_digest(expected, one) for one in given):
                return at
    raise unauthorized()


def unauthorized() -> NotServed:
    """Make the error that says no more than that."""
    return NotServed("Unauthorized", 401, "unauthorized", "Sign the call.")


def _moment(stamp: str) -> datetime | None:
    """Read a time of signing; None where it is none, or is to come."""
    if not _STAMP.fullmatch(stamp) or int(stamp) > clock.now().timestamp() + _AHEAD:
        return None
    return datetime.fromtimestamp(int(stamp), timezone.utc)
