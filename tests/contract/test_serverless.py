"""serverless.yml and the layers' own, as the vendor's library turns them into API calls."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tencentcloud.scf.v20180416 import models

from deploy.variables import derived, read_variables, variables_of
from deploy.vendor_cli import without_empty
from instance_refresh.settings import TABLE
from tests.contract import toolkit

ROOT = Path(__file__).resolve().parents[2]
YML = ROOT / "serverless.yml"
LAYERS = [
    ROOT / "layers" / name / "serverless.yml" for name in ("dependencies", "instance_refresh")
]
FILLED_IN = derived(
    {
        **read_variables(ROOT / ".env.example"),
        "REGION": "ap-guangzhou",
        "COS_BUCKET": "images-1250000000",
        "WEBHOOK_SECRET": "whsec_" + 10 * "abcd",
        "STATUS_SECRET": "whsec_" + 10 * "ijkl",
    }
)
# What the API asks for (SCF, 2018-04-16), and what the library adds that the API doesn't document.
REQUIRED = {
    "CreateFunction": {"FunctionName", "Code", "Handler", "Runtime", "Role"},
    "CreateTrigger": {"FunctionName", "TriggerName", "Type", "TriggerDesc"},
    "PublishLayerVersion": {"LayerName", "CompatibleRuntimes", "Content"},
}
ADDED_BY_THE_LIBRARY = {"Action", "Version", "L5Enable", "DiskSize", "DeployMode"}
MEMORY_SIZES = {64, *range(128, 3073, 128)}
Call = dict[str, Any]


def filled_in(path: Path) -> dict[str, Any]:
    """Read a yml with its variables and outputs resolved, as the CLI does."""
    text = without_empty(path.read_text(encoding="utf-8"), FILLED_IN)
    text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\$\{env:(\w+)\}", lambda m: FILLED_IN[m[1]], text)
    document: dict[str, Any] = yaml.safe_load(text)
    text = text.replace("${stage}", document["stage"]).replace("${app}", document["app"])
    text = re.sub(r"\$\{output:prod:instance-refresh:(\w+)\.name\}", r"layer-\1", text)
    text = re.sub(r"\$\{output:prod:instance-refresh:\w+\.version\}", "3", text)
    assert "${" not in text
    resolved: dict[str, Any] = yaml.safe_load(text)
    return resolved


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    given = {"functions": filled_in(YML), "layers": [filled_in(path) for path in LAYERS]}
    found: list[Call] = json.loads(toolkit.run("calls.js", given))
    return found


def of(calls: list[Call], action: str) -> list[Call]:
    return [call for call in calls if call["Action"] == action]


def test_every_call_is_known_to_the_sdk_field_by_field(calls: list[Call]) -> None:
    assert [call["Action"] for call in calls] == [
        *["PublishLayerVersion"] * 2,
        *["CreateFunction"] * 4,
        *["CreateTrigger"] * 4,
    ]
    for call in calls:
        known = {name: value for name, value in call.items() if name not in ADDED_BY_THE_LIBRARY}
        model = getattr(models, f"{call['Action']}Request")()
        model._deserialize(known)  # a field that it doesn't know is a warning, hence an error here


def test_every_required_field_has_a_value(calls: list[Call]) -> None:
    for call in calls:
        assert not [name for name in REQUIRED[call["Action"]] if not call.get(name)], call


def test_functions_run_on_python_3_10_within_the_platforms_limits(calls: list[Call]) -> None:
    for call in of(calls, "CreateFunction"):
        assert (call["Runtime"], call["Type"]) == ("Python3.10", "Event")
        assert call["Handler"] == "index.main_handler"
        assert call["MemorySize"] in MEMORY_SIZES
        assert 1 <= call["Timeout"] <= 900
        assert re.fullmatch(r"[a-zA-Z][\w-]{0,58}[a-zA-Z0-9]", call["FunctionName"])
        assert call["Layers"] == [
            {"LayerName": "layer-dependencies", "LayerVersion": 3},
            {"LayerName": "layer-layer", "LayerVersion": 3},
        ]


def test_each_function_has_its_code_and_its_own_role(calls: list[Call]) -> None:
    functions = filled_in(YML)["inputs"]["functions"]
    assert set(functions) == {path.parent.name for path in ROOT.glob("functions/*/index.py")}
    for name, function in functions.items():
        assert function["src"] == f"./{name}"
        assert (ROOT / "role" / f"{name}.json").is_file()
    roles = [call["Role"] for call in of(calls, "CreateFunction")]
    assert roles == [f"instance-refresh-{name}" for name in functions]


def test_all_triggers_are_switched_on_and_say_what_the_platform_reads(calls: list[Call]) -> None:
    triggers = {
        call["FunctionName"].rpartition("-")[2]: call for call in of(calls, "CreateTrigger")
    }
    assert {trigger["Enable"] for trigger in triggers.values()} == {"OPEN"}
    for name in ("webhook", "status"):
        assert json.loads(triggers[name]["TriggerDesc"]) == {
            "AuthType": "NONE",
            "NetConfig": {"EnableIntranet": False, "EnableExtranet": True},
        }
    cos, timer = triggers["image_published"], triggers["schedule"]
    assert cos["TriggerName"] == "images-1250000000.cos.ap-guangzhou.myqcloud.com"
    assert json.loads(cos["TriggerDesc"]) == {
        "event": "cos:ObjectCreated:*",
        "filter": {"Prefix": "manifests/", "Suffix": ".json"},
    }
    assert len(timer["TriggerDesc"].split()) == 7
    kinds = {name: trigger["Type"] for name, trigger in triggers.items()}
    assert kinds == {
        "webhook": "http", "status": "http", "image_published": "cos", "schedule": "timer",
    }  # fmt: skip


def test_environments_hold_settings_that_the_platform_allows(calls: list[Call]) -> None:
    for call in of(calls, "CreateFunction"):
        pairs = [(pair["Key"], pair["Value"]) for pair in call["Environment"]["Variables"]]
        assert {key for key, _ in pairs} <= TABLE.keys()
        assert not [key for key, _ in pairs if key.startswith(("SCF_", "QCLOUD_", "TENCENTCLOUD_"))]
        assert all(value for _, value in pairs)
        assert sum(len(key) + len(value) for key, value in pairs) < 4096


def test_descriptions_have_only_what_the_platform_takes() -> None:
    """Letters, digits, spaces, commas, newlines, full stops: SCF's CreateFunction, Description."""
    functions = yaml.safe_load(YML.read_text(encoding="utf-8"))["inputs"]["functions"]
    described = [*functions.values(), *(filled_in(path)["inputs"] for path in LAYERS)]
    for own in described:
        assert re.fullmatch(r"[A-Za-z0-9 ,.\n]{1,1000}", own["description"]), own["description"]


def test_every_function_has_the_limits_that_it_keeps_to() -> None:
    functions = yaml.safe_load(YML.read_text(encoding="utf-8"))["inputs"]["functions"]
    for own in functions.values():
        keys = [pair["key"] for pair in own["environments"]]
        assert len(keys) == len(set(keys))
        assert {"ALLOWED_GROUPS", "ALLOWED_REGIONS", "IMAGE_CREATORS"} <= set(keys)


def test_env_example_lists_what_the_yml_files_take() -> None:
    taken = set().union(
        *(variables_of(path.read_text(encoding="utf-8")) for path in (YML, *LAYERS))
    )
    assert taken <= FILLED_IN.keys()


def test_layers_are_what_the_build_makes() -> None:
    for path in LAYERS:
        source = (path.parent / yaml.safe_load(path.read_text("utf-8"))["inputs"]["src"]).resolve()
        assert source.relative_to(ROOT) == Path("build", "layers", path.parent.name)
