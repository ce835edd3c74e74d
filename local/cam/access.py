"""The roles and policies of the account, and who acts as which role."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from local.cam.policy import allows, trusts
from local.refused import Refused
from local.scf.function import APPID, UIN

if TYPE_CHECKING:
    from local.cam.models import Policy, Role
    from local.credentials import Credentials, KeyRing

SCF = "scf.qcloud.com"
DENIED = "AuthFailure.UnauthorizedOperation"
# The parameter that names what an action changes -> its kind in a resource description.
RESOURCES = {
    "AutoScalingGroupId": "auto-scaling-group",
    "LaunchConfigurationId": "launch-configuration",
}


class Access:
    """Everything is open to be read and changed; `sessions` maps secret ids to roles' names."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self.roles: dict[str, Role] = {}
        self.policies: dict[int, Policy] = {}
        self.sessions: dict[str, str] = {}
        self.numbers = itertools.count(100000001)

    def assume(self, role: str, service: str = SCF) -> Credentials:
        """Give a service temporary credentials of a role that trusts it."""
        if role not in self.roles or not trusts(self.roles[role].trust, service):
            raise Refused("InvalidParameter.RoleCheck", f"{service} can't take the role `{role}`.")
        made = self._keys.issue(temporary=True, allow=None)
        self.sessions[made.secret_id] = role
        return made

    def authorize(self, secret_id: str, action: str, region: str, params: dict[str, Any]) -> None:
        """Refuse what the policies of a role don't allow; keys of no role are the account's own."""
        name = self.sessions.get(secret_id)
        if name is None:
            return
        role = self.roles.get(name)
        documents = [self.policies[number].document for number in role.attached] if role else []
        resource = resource_of(action, region, params)
        if not allows(documents, action, resource):
            message = f"you are not authorized to perform operation ({action})"
            raise Refused(DENIED, f"{message} resource ({resource}) has no permission")

    def policy_named(self, name: str) -> Policy | None:
        return next((each for each in self.policies.values() if each.name == name), None)


def resource_of(action: str, region: str, params: dict[str, Any]) -> str:
    """Describe what an action is about: `*` where it can't be narrowed."""
    service, _, name = action.partition(":")
    if service == "cos":
        return f"qcs::cos:{region}:uid/{APPID}:{params['Bucket']}/{params['Key']}"
    if not re.match("Describe", name):
        for parameter, kind in RESOURCES.items():
            if parameter in params:
                return f"qcs::{service}:{region}:uin/{UIN}:{kind}/{params[parameter]}"
    return "*"
