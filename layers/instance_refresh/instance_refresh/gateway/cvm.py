"""CVM, API version 2017-03-12: images, and the image that each instance runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..fleet import Image, image_from
from .reading import PAGE, Objects, by_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..deadline import Deadline
    from .client import Api


class Cvm:
    """The actions used, in one region, until the deadline."""

    def __init__(self, api: Api, deadline: Deadline) -> None:
        self._api, self._deadline = api, deadline

    def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self._api.call(action, parameters, self._deadline)

    def images(self, ids: Iterable[str]) -> list[Image]:
        """Read images by id, those that are in the region."""

        def read(part: list[str]) -> Objects:
            answer = self._call("DescribeImages", ImageIds=part, Limit=PAGE)
            found: Objects = answer["ImageSet"]
            return found

        return [image_from(item) for item in by_ids(read, ids)]

    def newest_of_family(self, family: str) -> Image | None:
        """Read the family's newest image that is NORMAL and not deprecated."""
        item = self._call("DescribeImageFromFamily", ImageFamily=family)["Image"]
        return image_from(item) if item else None

    def machines(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Read instances by id, as the API gives them, those that exist."""

        def read(part: list[str]) -> Objects:
            answer = self._call("DescribeInstances", InstanceIds=part, Limit=PAGE)
            found: Objects = answer["InstanceSet"]
            return found

        return {item["InstanceId"]: item for item in by_ids(read, ids)}
