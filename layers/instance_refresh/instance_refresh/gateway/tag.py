"""Tag, API version 2018-08-13: the tags of scaling groups, ten groups a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ApiError
from .reading import Actions

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 10


class Tag(Actions):
    """The actions used of Tag; each, done twice, is as if done once.

    They give the error of every group that was not changed.
    """

    def tag(self, groups: Sequence[str], key: str, value: str) -> dict[str, ApiError]:
        """Put a tag on groups, in the place of one with this key."""
        return self._change("TagResources", groups, Tags=[{"TagKey": key, "TagValue": value}])

    def untag(self, groups: Sequence[str], key: str) -> dict[str, ApiError]:
        """Take a tag off groups, whatever its value, where they have it."""
        return self._change("UnTagResources", groups, TagKeys=[key])

    def _change(self, action: str, groups: Sequence[str], **fields: Any) -> dict[str, ApiError]:
        sent = {"ResourceList": list(groups), **fields}
        answer = self.api.call(action, sent, self.deadline)
        try:
            return {
                failed["Resource"]: ApiError(str(failed["Code"]), f"{action}: {failed['Message']}")
                for failed in answer["FailedResources"] or ()
            }
        except (LookupError, TypeError):
            message = f"{action} was answered with no valid FailedResources"
            raise ApiError("InvalidAnswer", message, fate_unknown=True) from None


def group_resource(region: str, account: str, group: str) -> str:
    """Describe a group in the platform's six segments.

    https://cloud.tencent.com/document/product/651/89122
    """
    return f"qcs::as:{region}:uin/{account}:auto-scaling-group/{group}"
