"""What is read of CVM, on the local cloud."""

from __future__ import annotations

from instance_refresh.clock import Deadline
from instance_refresh.gateway.cloud import Cloud, credentials
from instance_refresh.settings import settings
from tests.end_to_end.harness import BEFORE, LATER, REGION, world


def test_the_images_of_a_family_are_the_accounts_own_and_those_shared_to_it_newest_first() -> None:
    with world() as it:
        for image, family, made, kind in (
            ("img-00000001", "web", BEFORE, "PRIVATE_IMAGE"),
            ("img-00000002", "web", LATER, "SHARED_IMAGE"),
            ("img-00000003", "web", LATER, "PUBLIC_IMAGE"),
            ("img-00000004", "api", LATER, "PRIVATE_IMAGE"),
        ):
            it.region.add_image(image, family=family, created=made)
            it.region.images[image].image_type = kind
        gateway = Cloud(settings(it.environ), credentials(it.environ), Deadline(20_000))
        found = gateway.cvm(REGION).of_family("web")
    assert [(image.image_id, image.kind) for image in found] == [
        ("img-00000002", "SHARED_IMAGE"),
        ("img-00000001", "PRIVATE_IMAGE"),
    ]
