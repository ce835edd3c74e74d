"""A family whose groups follow it ring by ring: nothing but their tags says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.autoscaling.models import Group
    from local.region import Region

FAMILY = "shop"
RINGS = {"canary": 0, "shop-a": 1, "shop-b": 1, "shop-c": 2, "shop-d": 2}


def add_rings(region: Region) -> dict[str, Group]:
    """Add the groups, all on the family's first image."""
    old = region.add_image("img-shop0001", family=FAMILY, created=region.now() - timedelta(days=3))
    tags = {
        "instance-refresh:image-family": FAMILY,
        "instance-refresh:bake": "1m",
        "instance-refresh:batch-size": "50pct",
        "instance-refresh:batch-pause": "FIRST_BATCH_PAUSE",
        "instance-refresh:fail-process": "AUTO_ROLLBACK",
    }
    return {
        name: region.add_group(
            image=old,
            instances=4,
            auto_scaling_group_name=name,
            tags={**tags, "instance-refresh:ring": str(ring)},
        )
        for name, ring in RINGS.items()
    }
