"""The roles' policies, limited to the settings' regions, ids, bucket and actions of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.variables import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAGS = ("Hold", "Release")
# What CAM is to allow -> the actions of a request that need it.
NEEDED_FOR = {
    "name/as:StartInstanceRefresh": ("StartInstanceRefresh",),
    "name/as:StopInstanceRefresh": ("StopInstanceRefresh",),
    "name/as:ResumeInstanceRefresh": ("ResumeInstanceRefresh",),
    "name/as:RollbackInstanceRefresh": ("RollbackInstanceRefresh",),
    "name/as:CancelInstanceRefresh": ("CancelInstanceRefresh",),
    # After a rollback the launch configuration goes back, too.
    "name/as:ModifyLaunchConfigurationAttributes": (
        "StartInstanceRefresh",
        "RollbackInstanceRefresh",
    ),
    "name/sts:GetCallerIdentity": _TAGS,  # a tag is written with the account's number
    "name/tag:TagResources": ("Hold",),
    "name/tag:UnTagResources": ("Release",),
}
# The schedule steers refreshes whatever requests may ask; it writes tags for requests alone.
OF_REQUESTS = {
    "webhook": NEEDED_FOR,
    "schedule": {name: verbs for name, verbs in NEEDED_FOR.items() if {*verbs} <= {*_TAGS}},
}


# With MODE=observe they write nothing, so their roles can't.
OBSERVING = ("image_published", "schedule")
_READS = ("Describe", "Get")


def of_function(
    function: str, policy: dict[str, Any], environ: Mapping[str, str]
) -> dict[str, Any]:
    """Give what a function's role may do by the settings."""
    policy = narrowed(function, policy, environ["ALLOWED_ACTIONS"])
    if environ.get("MODE") == "observe" and function in OBSERVING:
        policy = reading(policy)
    return filled_in(policy, environ)


def reading(policy: dict[str, Any]) -> dict[str, Any]:
    """Leave out what writes."""
    for statement in policy["statement"]:
        names = statement["action"]
        statement["action"] = [n for n in names if n.partition(":")[2].startswith(_READS)]
    return {**policy, "statement": [one for one in policy["statement"] if one["action"]]}


def narrowed(function: str, policy: dict[str, Any], allowed: str) -> dict[str, Any]:
    """Leave out what no action of a request needs that is `allowed`."""
    verbs = {*allowed.split(",")}
    known = OF_REQUESTS.get(function, {})
    for statement in policy["statement"]:
        names = statement["action"]
        statement["action"] = [n for n in names if n not in known or verbs & {*known[n]}]
    return {**policy, "statement": [one for one in policy["statement"] if one["action"]]}


def filled_in(policy: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Fill in a policy's resources; a variable with commas gives one resource a value."""
    for statement in policy["statement"]:
        resources = []
        for resource in statement.get("resource", []):
            texts = [resource]
            for name in PLACEHOLDER.findall(resource):
                parts = environ[name].split(",")
                texts = [text.replace(f"${{{name}}}", part) for text in texts for part in parts]
            resources += texts
        if resources:
            statement["resource"] = resources
    return policy
