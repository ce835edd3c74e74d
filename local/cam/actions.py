"""The actions on roles and policies; names and ids are both taken, as the API does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from local.cam.models import Document, Policy, Role, text
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cam.access import Access

Params = dict[str, Any]
NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
MOST = 200
CUSTOM = 1


def create_role(access: Access, params: Params) -> Params:
    name = _named(params["RoleName"], "InvalidParameter.RoleNameError")
    if name in access.roles:
        raise Refused("InvalidParameter.RoleNameInUse", f"The role `{name}` is there already.")
    trust = _document(params["PolicyDocument"])
    role = Role(str(next(access.numbers)), name, trust, params.get("Description", ""))
    access.roles[name] = role
    return {"RoleId": role.role_id}


def get_role(access: Access, params: Params) -> Params:
    role = _role(access, params)
    info = {
        "RoleId": role.role_id,
        "RoleName": role.name,
        "PolicyDocument": text(role.trust),
        "Description": role.description,
        "RoleType": "user",
    }
    return {"RoleInfo": info}


def update_assume_role_policy(access: Access, params: Params) -> Params:
    _role(access, params).trust = _document(params["PolicyDocument"])
    return {}


def delete_role(access: Access, params: Params) -> Params:
    del access.roles[_role(access, params).name]
    return {}


def create_policy(access: Access, params: Params) -> Params:
    name = _named(params["PolicyName"], "InvalidParameter.PolicyNameError")
    if access.policy_named(name):
        raise Refused("FailedOperation.PolicyNameInUse", f"The policy `{name}` is there already.")
    document, number = _document(params["PolicyDocument"]), next(access.numbers)
    access.policies[number] = Policy(number, name, document, params.get("Description", ""))
    return {"PolicyId": number}


def get_policy(access: Access, params: Params) -> Params:
    policy = _policy(access, params)
    return {
        "PolicyName": policy.name,
        "Description": policy.description,
        "Type": CUSTOM,
        "PolicyDocument": text(policy.document),
    }


def list_policies(access: Access, params: Params) -> Params:
    named = [p for p in access.policies.values() if params.get("Keyword", "") in p.name]
    own = named if params.get("Scope", "All") in ("All", "Local") else []
    return _page([_listed(policy) | {"Type": CUSTOM} for policy in own], params)


def update_policy(access: Access, params: Params) -> Params:
    policy = _policy(access, params)
    if "PolicyDocument" in params:
        policy.document = _document(params["PolicyDocument"])
    policy.description = params.get("Description", policy.description)
    return {"PolicyId": policy.policy_id}


def delete_policy(access: Access, params: Params) -> Params:
    for number in params["PolicyId"]:
        _policy(access, {"PolicyId": number})
    for number in params["PolicyId"]:
        del access.policies[number]
        for role in access.roles.values():
            role.attached = [each for each in role.attached if each != number]
    return {}


def attach_role_policy(access: Access, params: Params) -> Params:
    role, policy = _role(access, params, "Attach"), _policy(access, params)
    if policy.policy_id not in role.attached:
        role.attached.append(policy.policy_id)
    return {}


def detach_role_policy(access: Access, params: Params) -> Params:
    role, policy = _role(access, params, "Detach"), _policy(access, params)
    role.attached = [number for number in role.attached if number != policy.policy_id]
    return {}


def list_attached_role_policies(access: Access, params: Params) -> Params:
    attached = [access.policies[number] for number in _role(access, params).attached]
    return _page([_listed(policy) | {"PolicyType": "User"} for policy in attached], params)


ACTIONS: dict[str, Callable[[Access, Params], Params]] = {
    "CreateRole": create_role,
    "GetRole": get_role,
    "UpdateAssumeRolePolicy": update_assume_role_policy,
    "DeleteRole": delete_role,
    "CreatePolicy": create_policy,
    "GetPolicy": get_policy,
    "ListPolicies": list_policies,
    "UpdatePolicy": update_policy,
    "DeletePolicy": delete_policy,
    "AttachRolePolicy": attach_role_policy,
    "DetachRolePolicy": detach_role_policy,
    "ListAttachedRolePolicies": list_attached_role_policies,
}


def _listed(policy: Policy) -> Params:
    return {
        "PolicyId": policy.policy_id,
        "PolicyName": policy.name,
        "Description": policy.description,
    }


def _page(items: list[Params], params: Params) -> Params:
    rows, page = params.get("Rp", 20), params.get("Page", 1)
    if not 1 <= rows <= MOST or page < 1:
        raise Refused("InvalidParameter.ParamError", f"`Rp` is 1 to {MOST}, `Page` at least 1.")
    return {"TotalNum": len(items), "List": items[(page - 1) * rows : page * rows]}


def _role(access: Access, params: Params, prefix: str = "") -> Role:
    name, number = params.get(f"{prefix}RoleName"), params.get(f"{prefix}RoleId")
    for role in access.roles.values():
        if number == role.role_id or (number is None and name == role.name):
            return role
    raise Refused("InvalidParameter.RoleNotExist", f"There is no role `{number or name}`.")


def _policy(access: Access, params: Params) -> Policy:
    number, name = params.get("PolicyId"), params.get("PolicyName")
    found = access.policies.get(number) if number else access.policy_named(str(name))
    if found is None:
        raise Refused("InvalidParameter.PolicyIdNotExist", f"There is no policy {number or name}.")
    return found


def _named(name: str, code: str) -> str:
    if not NAME.fullmatch(name):
        raise Refused(code, f"`{name}` is no name: letters, digits and +=,.@-_, 1 to 128 of them.")
    return name


def _document(written: str) -> Document:
    try:
        document: Document = json.loads(written)
        usable = document["version"] == "2.0" and isinstance(document["statement"], list)
    except (ValueError, TypeError, KeyError):
        usable = False
    if not usable:
        raise Refused("InvalidParameter.PolicyDocumentError", "The document is no policy.")
    return document
