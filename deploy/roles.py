"""Roles, their policies, and that a role has its policy: CAM."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy.resources import Fields, found_or_none

if TYPE_CHECKING:
    from deploy.client import Client

DESCRIPTION = "Made by the deploy of instance-refresh"
ROWS = 200


@dataclass
class RoleItself:
    """A role and who may take it."""

    name: str
    trust: Fields
    kind: str = "role"

    @property
    def wanted(self) -> Fields:
        return {"PolicyDocument": self.trust}

    def find(self, client: Client) -> Fields | None:
        answer = found_or_none(lambda: client.call("cam", "GetRole", {"RoleName": self.name}))
        return answer and {"PolicyDocument": json.loads(answer["RoleInfo"]["PolicyDocument"])}

    def create(self, client: Client) -> None:
        client.call("cam", "CreateRole", {**self._document(), "Description": DESCRIPTION})

    def update(self, client: Client, found: Fields) -> None:  # noqa: ARG002 — as every resource
        client.call("cam", "UpdateAssumeRolePolicy", self._document())

    def delete(self, client: Client) -> None:
        client.call("cam", "DeleteRole", {"RoleName": self.name})

    def _document(self) -> Fields:
        return {"RoleName": self.name, "PolicyDocument": json.dumps(self.trust)}


@dataclass
class Policy:
    """What a role may do."""

    name: str
    document: Fields
    kind: str = "policy"
    number: int = field(default=0, repr=False)

    @property
    def wanted(self) -> Fields:
        return {"PolicyDocument": self.document}

    def find(self, client: Client) -> Fields | None:
        self.number = _number(client, self.name)
        if not self.number:
            return None
        answer = client.call("cam", "GetPolicy", {"PolicyId": self.number})
        return {"PolicyDocument": json.loads(answer["PolicyDocument"])}

    def create(self, client: Client) -> None:
        client.call("cam", "CreatePolicy", {**self._document(), "Description": DESCRIPTION})

    def update(self, client: Client, found: Fields) -> None:  # noqa: ARG002 — as every resource
        client.call("cam", "UpdatePolicy", self._document())

    def delete(self, client: Client) -> None:
        client.call("cam", "DeletePolicy", {"PolicyId": [self.number]})

    def _document(self) -> Fields:
        return {"PolicyName": self.name, "PolicyDocument": json.dumps(self.document)}


@dataclass
class Attachment:
    """That a role has the policy of its name."""

    name: str
    kind: str = "attachment"

    @property
    def wanted(self) -> Fields:
        return {"PolicyName": self.name}

    def find(self, client: Client) -> Fields | None:
        asked = {"RoleName": self.name, "Page": 1, "Rp": ROWS}
        answer = found_or_none(lambda: client.call("cam", "ListAttachedRolePolicies", asked))
        attached = [each["PolicyName"] for each in (answer or {}).get("List") or []]
        return self.wanted if self.name in attached else None

    def create(self, client: Client) -> None:
        names = {"AttachRoleName": self.name, "PolicyName": self.name}
        client.call("cam", "AttachRolePolicy", names)

    def update(self, client: Client, found: Fields) -> None:
        """Do nothing: it is there or not."""

    def delete(self, client: Client) -> None:
        names = {"DetachRoleName": self.name, "PolicyName": self.name}
        client.call("cam", "DetachRolePolicy", names)


def _number(client: Client, name: str) -> int:
    """Give the id of a policy of the account's own; 0 where there is none of this name."""
    page = 1
    while True:
        asked = {"Scope": "Local", "Keyword": name, "Page": page, "Rp": ROWS}
        listed: list[dict[str, Any]] = client.call("cam", "ListPolicies", asked).get("List") or []
        for each in listed:
            if each["PolicyName"] == name:
                return int(each["PolicyId"])
        if len(listed) < ROWS:
            return 0
        page += 1
