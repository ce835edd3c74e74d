"""STS, API version 2018-08-13: whose credentials they are."""

from __future__ import annotations

import re

from ..errors import ApiError
from .reading import Actions

_UIN = re.compile(r"[0-9]{1,20}")


class Sts(Actions):
    """The action used of STS."""

    def account(self) -> str:
        """Read the account's own number (uin), whoever of it the credentials belong to."""
        found = self.api.call("GetCallerIdentity", {}, self.deadline).get("AccountId")
        if not isinstance(found, str) or not _UIN.fullmatch(found):
            message = "GetCallerIdentity was answered with no valid AccountId"
            raise ApiError("InvalidAnswer", message, fate_unknown=True)
        return found
