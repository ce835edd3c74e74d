"""CVM, API version 2017-03-12: images, and the image that each instance runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..fleet import Image, image_from
from .actions import Actions, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable


class Cvm(Actions):
    """The actions used of CVM."""

    def images(self, ids: Iterable[str]) -> list[Image]:
        """Read images by id, those that are in the region."""
        return parsed(image_from, self._by_ids("DescribeImages", "ImageSet", "ImageIds", ids))

    def newest_of_family(self, family: str) -> Image | None:
        """Read the family's newest image that is NORMAL and not deprecated."""
        item = self._call("DescribeImageFromFamily", ImageFamily=family).get("Image")
        return parsed(image_from, [item])[0] if item else None

    def machines(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Read instances by id, as the API gives them, those that exist."""
        items = self._by_ids("DescribeInstances", "InstanceSet", "InstanceIds", ids)
        return dict(parsed(lambda item: (item["InstanceId"], dict(item)), items))
