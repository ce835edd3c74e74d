"""The keys that a local cloud has given out, and what each may do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Credentials:
    """A key pair; a role's comes with a token."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class KeyRing:
    """All keys in use; none of them outlives the process."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[Credentials, frozenset[str] | None]] = {}

    def issue(self, *, temporary: bool, allow: Iterable[str] | None) -> Credentials:
        """Make a new key; `allow` names the only actions it may call."""
        made = Credentials(
            secret_id=f"AKID{secrets.token_hex(16)}",
            secret_key=secrets.token_hex(16),
            token=secrets.token_urlsafe(48) if temporary else None,
        )
        self._keys[made.secret_id] = made, None if allow is None else frozenset(allow)
        return made

    def revoke(self, credentials: Credentials) -> None:
        """Forget a key; calls signed with it are refused from now on."""
        self._keys.pop(credentials.secret_id, None)

    def find(self, secret_id: str) -> Credentials | None:
        """Look a key up by its id."""
        known = self._keys.get(secret_id)
        return known[0] if known else None

    def allows(self, secret_id: str, action: str) -> bool:
        """Tell whether a known key may call an action."""
        allowed = self._keys[secret_id][1]
        return allowed is None or action in allowed
