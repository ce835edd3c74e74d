"""Links to the status that end: who has one may look, until then and at nothing else.

The signature is of the path, the query and the end. It needs no account and no header, so that it
works from a message on a phone.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

EXPIRES, SIGNATURE = "expires", "signature"
Pairs = tuple[tuple[str, str], ...]


def status_link(
    base_url: str, secret: str, expires: datetime, query: Iterable[tuple[str, str]] = ()
) -> str:
    """Give a link to the status function at `base_url` with a query, good until `expires`."""
    pairs = (*((name, value) for name, value in query), (EXPIRES, str(int(expires.timestamp()))))
    path = urlsplit(base_url).path or "/"
    signed = (*pairs, (SIGNATURE, signature_of(path, pairs, secret)))
    root = base_url if urlsplit(base_url).path else f"{base_url}/"
    return f"{root}?{urlencode(signed)}"


def query_text(pairs: Iterable[tuple[str, str]]) -> str:
    """Write a query as it is signed: its order doesn't count."""
    return urlencode(sorted(pairs), errors="surrogatepass")


def signature_of(path: str, pairs: Iterable[tuple[str, str]], secret: str) -> str:
    """Sign a path and its query with a whsec_ secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{path}?{query_text(pairs)}"
    digest = hmac.digest(key, text.encode(errors="surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
