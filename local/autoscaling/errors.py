"""Auto Scaling's errors that more than one action answers with."""

from __future__ import annotations

from local.listing import Codes
from local.refused import Refused

IN_REFRESH = "ResourceUnavailable.AutoScalingGroupInRefreshActivity"


def listing(malformed: str) -> Codes:
    """Give the codes of a describe action, whose own is that of a malformed id."""
    return Codes(
        conflict="InvalidParameter.Conflict",
        filter_name="InvalidParameterValue.Filter",
        filters="InvalidParameterValue.Filter",
        filter_values="LimitExceeded.FilterValuesTooLong",
        ids="InvalidParameterValue.LimitExceeded",
        malformed=f"InvalidParameterValue.{malformed}",
        limit="InvalidParameterValue.LimitExceeded",
    )


def in_refresh(activity_id: str) -> Refused:
    return Refused(IN_REFRESH, f"The group is in refresh activity {activity_id}.")


def in_activity() -> Refused:
    code = "ResourceUnavailable.AutoScalingGroupInActivity"
    return Refused(code, "The group is in a scaling activity.")


def conflict(message: str) -> Refused:
    return Refused("InvalidParameter.Conflict", message)
