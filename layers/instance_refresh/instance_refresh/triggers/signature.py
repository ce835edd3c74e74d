"""Standard Webhooks: who calls the webhook proves it with a secret, and says when it was signed.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from datetime import datetime, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ..errors import InvalidSetting, NotServed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..settings import Settings


class Signature(NamedTuple):
    """When a call was signed, and its name: the same if it is sent again."""

    at: datetime
    call: bytes


def verified(headers: Mapping[str, str], body: bytes, settings: Settings) -> Signature | None:
    """Verify who calls; None where the function URL's own CAM check stands for it.

    `headers` have lower-case names. A call that isn't signed with one of the secrets, or was signed
    more than five minutes ago, is NotServed; without any secret it is an InvalidSetting.
    """
    if settings.webhook_auth == "cam":
        return None
    if not settings.webhook_secrets:
        accepted = "is not set: no call is served. Set it, or WEBHOOK_AUTH=cam with CAM on the URL"
        raise InvalidSetting("WEBHOOK_SECRET", accepted)
    for secret in settings.webhook_secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):  # ValueError: headers of another form
            continue
        identifier, stamp = headers["webhook-id"], int(float(headers["webhook-timestamp"]))
        call = sha256(f"{identifier}.{stamp}.".encode() + body).digest()  # just what is signed
        return Signature(datetime.fromtimestamp(stamp, timezone.utc), call)
    raise unauthorized()


def unauthorized() -> NotServed:
    """Make the error that says no more than that."""
    return NotServed("Unauthorized", 401, "unauthorized", "Sign the call.")
