"""CVM's errors that more than one action answers with."""

from __future__ import annotations

from local.listing import Codes
from local.refused import Refused

_FILTERS = {
    "filter_name": "InvalidFilter",
    "filters": "InvalidFilterValue.LimitExceeded",
    "filter_values": "InvalidFilterValue.LimitExceeded",
    "ids": "InvalidParameterValue.LimitExceeded",
}
IMAGES = Codes(
    conflict="InvalidParameter.InvalidParameterCoexistImageIdsFilters",
    malformed="InvalidImageId.Malformed",
    limit="InvalidParameterValue.InvalidParameterValueLimit",
    **_FILTERS,
)
INSTANCES = Codes(
    conflict="InvalidParameterCombination",
    malformed="InvalidInstanceId.Malformed",
    limit="InvalidParameterValueLimit",
    **_FILTERS,
)


def image_not_found(image_id: str) -> Refused:
    return Refused("InvalidImageId.NotFound", f"The image `{image_id}` is not found.")
