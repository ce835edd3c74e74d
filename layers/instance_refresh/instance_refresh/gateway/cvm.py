"""CVM, API version 2017-03-12: images, and the image that each instance runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .actions import Actions, parsed
from .objects import image_from, machine_from
from .reading import all_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model.fleet import Image, Machine


class Cvm(Actions):
    """The actions used of CVM."""

    def images(self, ids: Iterable[str]) -> list[Image]:
        """Read images by id, those that are in the region."""
        return self._by_ids("DescribeImages", "ImageSet", image_from, "ImageIds", ids)

    def newest_of_family(self, family: str) -> Image | None:
        """Read the family's newest image that is NORMAL and not deprecated."""
        item = self._call("DescribeImageFromFamily", ImageFamily=family).get("Image")
        return parsed(image_from, [item])[0] if item else None

    def images_of_family(self, family: str, *, shared: bool) -> list[Image]:
        """List the account's and the platform's images of a family, with `shared` also others'.

        No filter of DescribeImages takes a family.
        """
        kinds = ["PRIVATE_IMAGE", "PUBLIC_IMAGE", *(["SHARED_IMAGE"] if shared else [])]
        filters = [{"Name": "image-type", "Values": kinds}]
        listed = all_pages(self._pages("DescribeImages", "ImageSet", image_from, Filters=filters))
        return [image for image in listed if image.family == family]

    def machines(self, ids: Iterable[str]) -> dict[str, Machine]:
        """Read what CVM knows of instances, by their ids, those that exist."""
        action, objects = "DescribeInstances", "InstanceSet"
        found = self._by_ids(action, objects, machine_from, "InstanceIds", ids)
        return {machine.instance_id: machine for machine in found}
