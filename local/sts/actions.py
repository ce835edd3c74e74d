"""STS' action."""

from __future__ import annotations

from local.scf.function import UIN


def get_caller_identity(role: str | None) -> dict[str, str]:
    """Answer GetCallerIdentity, for a role's session, or else for the account's own keys."""
    if role is None:
        arn = f"qcs::cam::uin/{UIN}:uin/{UIN}"
        return {"Arn": arn, "AccountId": UIN, "UserId": UIN, "PrincipalId": UIN, "Type": "CAMUser"}
    arn = f"qcs::sts:{UIN}:assumed-role/{role}"
    user = f"{role}:session"
    return {"Arn": arn, "AccountId": UIN, "UserId": user, "PrincipalId": UIN, "Type": "CAMRole"}


ACTIONS = {"GetCallerIdentity": get_caller_identity}
