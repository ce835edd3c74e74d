"""Who checks the callers of the webhook's URL, as the platform has it."""

from __future__ import annotations

import json
import re

from deploy.client import CallFailed, Client
from deploy.variables import ROOT

FUNCTION = "webhook"


def function_name(key: str) -> str:
    """Give a function's name, as the component multi-scf makes it."""
    text = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    own = dict(re.findall(r"(?m)^(app|stage|name): (\S+)", text))
    return f"{own['name']}-{own['stage']}-{own['app']}-{key}"


def auth_of_the_url(environ: dict[str, str]) -> str:
    """Give the AuthType of the webhook's URL, NONE or CAM; empty where it has no URL."""
    asked = {"FunctionName": function_name(FUNCTION), "Namespace": "default", "Limit": 100}
    try:
        triggers = Client(environ).call("scf", "ListTriggers", asked).get("Triggers") or []
    except CallFailed as error:
        if error.code.startswith("ResourceNotFound"):
            return ""
        raise
    found = [json.loads(each["TriggerDesc"]) for each in triggers if each["Type"] == "http"]
    return str(found[0].get("AuthType", "")) if found else ""
