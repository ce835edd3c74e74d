"""A small cloud to begin with: five groups, a family of images that one follows, a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from local.autoscaling.models import Group
    from local.cloud import Cloud
    from local.cvm.models import Image
    from local.region import Region

REGION = "ap-guangzhou"
BUCKET = "images-1250000000"
PREFIX = "images/"  # of the manifests in the bucket
FAMILY = "base"


@dataclass(frozen=True)
class Seed:
    """What was put into the cloud; `images` are oldest first, all instances run the oldest."""

    region: Region
    groups: dict[str, Group]
    images: list[Image]
    bucket: str
    family: str


def seed(cloud: Cloud) -> Seed:
    """Fill a cloud with groups, one of them a follower, and images newer than theirs."""
    region = cloud.region(REGION)
    now = region.now()
    images = [
        region.add_image(
            f"img-base000{number}",
            family=FAMILY,
            created=now - timedelta(days=4 - number),
            image_name=f"{FAMILY}-{number}",
        )
        for number in (1, 2, 3)
    ]
    groups = _of_shop(region, images[0])
    groups["follower"] = region.add_group(
        "asg-follow01",
        image=images[0],
        instances=2,
        auto_scaling_group_name="follower",
        tags={"instance-refresh:image-family": FAMILY},
    )
    # The group of the API's own example: its launch configuration is ahead of its instances.
    groups["configured"] = region.add_group(
        "asg-9dn1a5y6", image=images[1], instances=3, auto_scaling_group_name="configured"
    )
    for instance in region.instances_of(groups["configured"]):
        instance.image_id = images[0].image_id
    cloud.cos.create_bucket(BUCKET, REGION)
    return Seed(region, groups, images, BUCKET, FAMILY)


def _of_shop(region: Region, image: Image) -> dict[str, Group]:
    return {
        name: region.add_group(
            identifier,
            image=image,
            instances=instances,
            auto_scaling_group_name=name,
            tags={"app": "shop", "tier": name},
            load_balancer=name != "batch",
        )
        for name, identifier, instances in (
            ("web", "asg-web00001", 6),
            ("api", "asg-api00001", 4),
            ("batch", "asg-batch001", 3),
        )
    }


def fill(cloud: Cloud, events: Path) -> Seed:
    """Seed a cloud; what lies in `objects` in the events' folder is in its bucket."""
    seeded = seed(cloud)
    objects = events / "objects"
    for path in sorted(objects.rglob("*")):
        if path.is_file():
            key = path.relative_to(objects).as_posix()
            cloud.cos.put(seeded.bucket, key, path.read_bytes())
    return seeded
