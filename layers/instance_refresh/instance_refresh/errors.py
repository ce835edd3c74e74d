"""Every error a caller can meet.

InstanceRefreshError
├── InvalidInput      what was sent is not valid: every problem, each with its JSON Pointer
├── NotServed         what was sent can't be served here: wrong method, media type, size, …
├── InvalidSetting    an environment variable of the function is wrong
└── ApiError          a Tencent Cloud API refused, failed or could not be reached
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model.outcome import Ended
    from .model.problem import Problem


class InstanceRefreshError(Exception):
    """The base of all; `code` names the error, `status` is its HTTP status."""

    code = "InternalError"
    status = 500
    retryable = False
    remedy = "Look at the function's log lines of this request."


class InvalidInput(InstanceRefreshError):
    """What was sent doesn't follow its JSON Schema, or isn't JSON."""

    code = "InvalidInput"
    status = 400
    remedy = "Correct every problem that is listed, then send it again."

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{what}: " + "; ".join(map(str, self.problems)))


class NotServed(InstanceRefreshError):
    """What was sent can't be served, whatever its content."""

    def __init__(self, code: str, status: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.status, self.remedy = code, status, remedy


class InvalidSetting(InstanceRefreshError):
    """An environment variable of the function is missing or wrong."""

    code = "InvalidSetting"

    def __init__(self, name: str, accepted: str) -> None:
        super().__init__(f"the environment variable {name} {accepted}")
        self.remedy = f"Set {name} in the function's environment."


class ApiError(InstanceRefreshError):
    """An API call's error: the platform's code, message and request id.

    `fate_unknown` says that the call may have taken effect all the same.
    """

    def __init__(
        self, code: str, message: str, request_id: str | None = None, *, fate_unknown: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.fate_unknown = fate_unknown
        rule = rule_for(code)
        self.status, self.retryable, self.remedy = rule.status, rule.retryable, rule.remedy
        self.outcome = rule.outcome

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of an Outcome that say which error it was, and what to do about it."""
        return {
            "status": self.status,
            "code": self.code,
            "remedy": self.remedy,
            "request_id": self.request_id or "",
            "retryable": self.retryable,
        }


class ErrorRule(NamedTuple):
    """What an API error code means to a caller."""

    outcome: Ended
    status: int
    retryable: bool
    remedy: str


_PERMISSION = (
    "Give the function's execution role this action in CAM; the files in role/ list all it needs."
)
_CREDENTIALS = "Check the function's execution role: its credentials were not accepted."
_REPORT = "Report it with the request id: the function sent a call that the API doesn't know."
_AGAIN = "Nothing to mend here: try again later."
_NETWORK = "Try again later; if it stays, check the endpoints and the function's network."

# Code, or its part before the first dot, or "" -> rule. docs/errors.md has the same table.
API_ERRORS: dict[str, ErrorRule] = {
    "InvalidParameterValue.BatchNumberTooLarge": ErrorRule(
        "refused", 409, True, "Instances left the group meanwhile: send the request again."
    ),
    "InvalidParameterValue.MaxSurgeTooLarge": ErrorRule(
        "refused", 409, True, "Lower MaxSurge to the instances of one batch."
    ),
    "InvalidParameterValue.InvalidAutoScalingGroupId": ErrorRule(
        "refused", 404, False, "Check AutoScalingGroupId: it has the form asg-xxxxxxxx."
    ),
    "ResourceNotFound.AutoScalingGroupIdNotFound": ErrorRule(
        "refused", 404, False, "Check AutoScalingGroupId and Region: there is no such group there."
    ),
    "ResourceNotFound.LaunchConfigurationIdNotFound": ErrorRule(
        "refused", 409, False, "Give the group a launch configuration that exists."
    ),
    "ResourceNotFound.RefreshActivityNotFound": ErrorRule(
        "refused", 404, False, "The refresh activity is gone: look at the group's newest one."
    ),
    "ResourceUnavailable.AutoScalingGroupAbnormalStatus": ErrorRule(
        "refused", 409, False, "Mend what the console shows as abnormal in the group first."
    ),
    "ResourceUnavailable.AutoScalingGroupDisabled": ErrorRule(
        "refused", 409, False, "Enable the scaling group, then send the request again."
    ),
    "ResourceUnavailable.AutoScalingGroupInActivity": ErrorRule(
        "refused", 409, True, "Wait until the group's scaling activity ends."
    ),
    "ResourceUnavailable.AutoScalingGroupInRefreshActivity": ErrorRule(
        "busy", 409, True, "Wait until the group's refresh activity ends, or cancel it."
    ),
    "ResourceUnavailable.InquiryPriceResetInstanceFailed": ErrorRule(
        "refused",
        409,
        False,
        "The image doesn't fit the instances (disk, type, platform) or is gone: use another.",
    ),
    "ResourceUnavailable.NoInstanceCanRefresh": ErrorRule(
        "refused", 409, False, "The group has no instance in service: scale it out first."
    ),
    "ResourceUnavailable.NoInstanceCanRollback": ErrorRule(
        "refused", 409, False, "No instance of the activity is left to roll back."
    ),
    "ResourceUnavailable.RefreshActivityCanNotRollback": ErrorRule(
        "refused", 409, False, "Only a paused or the newest successful activity can be rolled back."
    ),
    "ResourceUnavailable.RollbackTypeActivityCanNotRollbackAgain": ErrorRule(
        "refused", 409, False, "A rollback can't be rolled back: start a refresh with the image."
    ),
    "ResourceUnavailable.RefreshActivityStatusConflictWithOperation": ErrorRule(
        "refused", 409, True, "The activity has moved on meanwhile: look at it again."
    ),
    "ResourceUnavailable.LaunchConfigurationStatusAbnormal": ErrorRule(
        "refused", 409, False, "Mend the launch configuration: the console says what is abnormal."
    ),
    "ResourceUnavailable": ErrorRule(
        "refused", 409, False, "Mend what the message names, then send the request again."
    ),
    "ResourceInUse": ErrorRule(
        "refused", 409, True, "Wait until what the message names has ended."
    ),
    "ResourceNotFound": ErrorRule(
        "refused", 404, False, "Check the ids and the Region of the request."
    ),
    "InvalidImageId": ErrorRule(
        "refused", 409, False, "Check ImageId and Region: use an image there."
    ),
    "InvalidParameterValue.ImageNotFound": ErrorRule(
        "refused", 409, False, "Check ImageId and Region: use an image there."
    ),
    "InvalidParameterValue": ErrorRule(
        "refused", 400, False, "Correct the value the message names."
    ),
    "InvalidParameter": ErrorRule("failed", 502, False, _REPORT),
    "MissingParameter": ErrorRule("failed", 502, False, _REPORT),
    "UnknownParameter": ErrorRule("failed", 502, False, _REPORT),
    "InvalidAction": ErrorRule("failed", 502, False, _REPORT),
    "UnauthorizedOperation.AutoScalingRoleUnauthorized": ErrorRule(
        "refused", 502, False, "Grant the service role AS_QCSRole in the Auto Scaling console."
    ),
    "UnauthorizedOperation": ErrorRule("failed", 502, False, _PERMISSION),
    "AuthFailure.UnauthorizedOperation": ErrorRule("failed", 502, False, _PERMISSION),
    "AuthFailure.TokenFailure": ErrorRule("failed", 502, True, _CREDENTIALS),
    "AuthFailure": ErrorRule("failed", 502, False, _CREDENTIALS),
    "UnsupportedRegion": ErrorRule("refused", 400, False, "Use a Region that Auto Scaling serves."),
    "UnsupportedOperation": ErrorRule("refused", 409, False, "Mend what the message names."),
    "LimitExceeded": ErrorRule("refused", 409, False, "Raise the quota that the message names."),
    "RequestLimitExceeded": ErrorRule("failed", 429, True, _AGAIN),
    "CallCvmError": ErrorRule("failed", 502, True, _AGAIN),
    "InternalError": ErrorRule("failed", 502, True, _AGAIN),
    "FailedOperation": ErrorRule("failed", 502, True, _AGAIN),
    "NoSuchBucket": ErrorRule(
        "failed", 502, False, "Check the bucket of the function's COS trigger."
    ),
    "NoSuchKey": ErrorRule(
        "failed", 502, False, "The object was deleted meanwhile: publish it again."
    ),
    "SlowDown": ErrorRule("failed", 429, True, _AGAIN),
    "ServiceUnavailable": ErrorRule("failed", 502, True, _AGAIN),
    "ExpiredToken": ErrorRule("failed", 502, True, _CREDENTIALS),
    "AccessDenied": ErrorRule("failed", 502, False, _PERMISSION),
    # Ours, where no platform code exists.
    "ClientNetworkError": ErrorRule("failed", 502, True, _NETWORK),
    "ServerNetworkError": ErrorRule("failed", 502, True, _AGAIN),
    "InvalidAnswer": ErrorRule("failed", 502, True, _AGAIN),
    "DeadlineExceeded": ErrorRule(
        "failed", 504, True, "Raise the function's timeout, or ask for fewer groups at once."
    ),
    "TooManyObjects": ErrorRule(
        "failed", 502, False, "Ask for fewer groups at once, by their ids or narrower tags."
    ),
    "CredentialsMissing": ErrorRule(
        "failed", 502, False, "Give the function an execution role, and deploy it again."
    ),
    "": ErrorRule("failed", 502, False, "Look the code up in the API's documentation."),
}


def rule_for(code: str) -> ErrorRule:
    """Find what a code means: by the whole code, then by the part before its first dot."""
    return API_ERRORS.get(code) or API_ERRORS.get(code.partition(".")[0]) or API_ERRORS[""]
