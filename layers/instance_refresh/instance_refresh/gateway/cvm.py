"""CVM, API version 2017-03-12: images, and the image that each instance runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ApiError
from .objects import IMAGES, MACHINES
from .reading import Actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model.fleet import Image, Machine


class Cvm(Actions):
    """The actions used of CVM."""

    def images(self, ids: Iterable[str]) -> list[Image]:
        """Read images by id, those that are in the region."""
        return self._by_ids(IMAGES, ids)

    def newest_of_family(self, family: str) -> Image | None:
        """Read the family's newest image that is NORMAL and not deprecated, whoever made it."""
        action = "DescribeImageFromFamily"
        item = self.api.call(action, {"ImageFamily": family}, self.deadline).get("Image")
        try:
            return IMAGES.read(item) if item else None
        except (LookupError, TypeError, ValueError, AttributeError):
            message = f"{action} was answered with no image as the API describes it"
            raise ApiError("InvalidAnswer", message, fate_unknown=True) from None

    def of_family(self, family: str) -> list[Image]:
        """Read the family's images that are the account's own or shared to it, the newest first.

        No filter takes a family, so every image of these two types is listed. The platform's own
        are many and of no family of ours.
        """
        types = {"Name": "image-type", "Values": ["PRIVATE_IMAGE", "SHARED_IMAGE"]}
        found = [image for image in self._all(IMAGES, [types]) if image.family == family]
        return sorted(found, key=lambda one: one.created.timestamp() if one.created else 0.0)[::-1]

    def machines(self, ids: Iterable[str]) -> dict[str, Machine]:
        """Read what CVM knows of instances, by their ids, those that exist."""
        return {machine.instance_id: machine for machine in self._by_ids(MACHINES, ids)}
