"""The function's role credentials, as SCF puts them into the environment of each invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")


class Credentials(NamedTuple):
    """Valid for six hours at most, so never kept beyond an invocation without a look."""

    secret_id: str
    secret_key: str
    token: str

    def __repr__(self) -> str:
        """Keep them out of logs."""
        return "Credentials(…)"


def credentials(environ: Mapping[str, str]) -> Credentials:
    """Read them; an ApiError CredentialsMissing names the variables that are not there."""
    missing = [name for name in _NAMES if not environ.get(name)]
    if missing:
        raise ApiError("CredentialsMissing", f"no role credentials: {', '.join(missing)} not set")
    return Credentials(*(environ[name] for name in _NAMES))
