"""What the Terraform module asks the API for, and what `make deploy` does, field by field."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy import plan
from deploy.description import described
from deploy.functions import PUBLIC, FunctionItself, LayerVersion
from deploy.policies import NEEDED_FOR
from deploy.triggers import TriggerItself
from deploy.variables import ROOT, derived, needed, read_variables
from tests.contract import hcl
from tests.contract.deployment import tree
from tests.contract.terraform_module import FOLDER, Arguments, Module, declared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION, URL = 7, "https://1250000000-x.ap-guangzhou.tencentscf.com"
COMPUTED: dict[str, Arguments] = {
    "tencentcloud_scf_layer": {"layer_version": VERSION},
    "tencentcloud_scf_trigger": {
        "trigger_attribute": json.dumps({"NetConfig": {"ExtranetUrl": URL}})
    },
}
EXAMPLE = read_variables(ROOT / ".env.example")
SECRET = "whsec_" + 10 * "abcd"
GIVEN = {
    **EXAMPLE,
    "REGION": "ap-guangzhou",
    "COS_BUCKET": "images-1250000000",
    "WEBHOOK_SECRET": SECRET,
    "STATUS_SECRET": SECRET,
}
ACTIONS = sorted({action for actions in NEEDED_FOR.values() for action in actions})
DEPLOYMENTS: dict[str, dict[str, str]] = {
    "as the example": {},
    "by CAM": {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": ""},
    "while a secret changes": {"WEBHOOK_SECRET_PREVIOUS": "whsec_" + 10 * "wxyz"},
    "of several regions": {"REGIONS": "ap-guangzhou,ap-shanghai"},
    "narrow": {
        "ALLOWED_ACTIONS": "StopInstanceRefresh,Hold",
        "ALLOWED_REGIONS": "ap-guangzhou,ap-shanghai",
        "ALLOWED_GROUPS": "asg-9dn1a5y6,asg-1a2b3c4d",
        "IMAGE_CREATORS": "100012345678",
        "AUTO_SCALING_GROUPS": "asg-9dn1a5y6,asg-1a2b3c4d",
        "LAUNCH_CONFIGURATIONS": "asc-9dn1a5y6",
    },
    "with spaces": {
        "ALLOWED_ACTIONS": "StartInstanceRefresh, StopInstanceRefresh",
        "ALLOWED_REGIONS": "ap-guangzhou ,ap-shanghai",
        "REGIONS": "ap-guangzhou, ap-shanghai",
        "ALLOWED_GROUPS": "asg-9dn1a5y6, asg-1a2b3c4d,",
        "IMAGE_CREATORS": "100012345678 , 100012345679",
        "AUTO_SCALING_GROUPS": "asg-9dn1a5y6, asg-1a2b3c4d,",
        "LAUNCH_CONFIGURATIONS": "asc-9dn1a5y6, asc-1a2b3c4d",
        "NOTIFY": "https://open.feishu.cn/open-apis/bot/v2/hook/01, cloudevents+https://example.com",
    },
    "with every action": {"ALLOWED_ACTIONS": ",".join(ACTIONS)},
    **{f"with {action} alone": {"ALLOWED_ACTIONS": action} for action in ACTIONS},
    "observing, with every action": {"MODE": "observe", "ALLOWED_ACTIONS": ",".join(ACTIONS)},
    "with other limits": {
        "MAX_REFRESHING": "0",
        "MAX_GROUPS": "1000",
        "LOG_LEVEL": "DEBUG",
        "PAUSED_LIMIT": "90m",
        "FAILED_LIMIT": "1h",
        "STUCK_LIMIT": "3h",
        "UNDEPLOYED_LIMIT": "2d",
        "PAUSED_ACTION": "rollback",
        "PAUSED_ACTION_OTHERS": "cancel",
        "RESTORE": "followers",
        "REMIND_EVERY": "8h",
        "MODE": "observe",
        "NOTIFY": (
            "https://open.feishu.cn/open-apis/bot/v2/hook/0123456789,"
            "cloudevents+https://example.com/events#whsec_" + 10 * "abcd"
        ),
        "NOTIFY_LEVEL": "INFO",
        "NOTIFY_LANGUAGE": "zh",
        "STATUS_URL": "https://status.example.com/",
        "SCHEDULE_CRON": "0 0 3 * * * *",
        "MANIFEST_PREFIX": "images/",
        "MANIFEST_SUFFIX": ".manifest",
        "AS_ENDPOINT": "https://as.intl.tencentcloudapi.com",
        "CVM_ENDPOINT": "https://cvm.intl.tencentcloudapi.com",
        "COS_ENDPOINT": "https://cos.accelerate.myqcloud.com",
    },
}


ALL = derived(
    {**GIVEN, **DEPLOYMENTS["narrow"], **DEPLOYMENTS["with other limits"],
     **DEPLOYMENTS["while a secret changes"], **DEPLOYMENTS["with every action"], "MODE": "act"}
)  # fmt: skip


def values(environ: Mapping[str, str], packages: Path) -> dict[str, Any]:
    """Give the module's variables for those of .env: lists and numbers as what they are."""
    types = {name: hcl.written(block.arguments["type"]) for name, block in declared().items()}
    read: dict[str, Callable[[str], Any]] = {
        "list(string)": lambda text: [word.strip() for word in text.split(",") if word.strip()],
        "number": int,
        "string": str,
    }
    own = {name.lower(): read[types[name.lower()]](environ.get(name, "")) for name in needed()}
    return {**own, "packages": str(packages)}


def packaged(root: Path) -> Path:
    """Copy the description into a folder, with small zips named by their content."""
    tree(root)
    folder = root / "build" / "packages"
    folder.mkdir()
    for path in (root / "build").glob("*/*.zip"):
        digest = sha256(path.read_bytes()).hexdigest()
        shutil.copy(path, folder / f"{path.stem}-{digest[:16]}.zip")
    return root


def planned(
    root: Path,
    environ: Mapping[str, str],
    folder: Path = FOLDER,
    given: Mapping[str, Any] | None = None,
) -> Module:
    """Plan the module with the variables of .env, or with its own."""
    return Module(given or values(environ, root / "build" / "packages"), COMPUTED, folder)


def by_module(module: Module) -> dict[tuple[str, str], Any]:
    """Give what the provider asks the API for, field by field (its resource_tc_*.go)."""
    found: dict[tuple[str, str], Any] = {}
    for address, given in module.resources().items():
        kind = address.partition(".")[0]
        if kind in READERS:
            name, fields = READERS[kind](given)
            found[kind.removeprefix("tencentcloud_"), name] = fields
    return found


def _code(path: str) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()


def _layer(given: Arguments) -> tuple[str, Any]:
    (content,) = given["content"]
    return given["layer_name"], {
        "CodeSha256": _code(content["zip_file"]),
        "Description": given["description"],
        "CompatibleRuntimes": given["compatible_runtimes"],
    }


def _function(given: Arguments) -> tuple[str, Any]:
    return given["name"], {
        "Handler": given["handler"],
        "Description": given["description"],
        "MemorySize": given["mem_size"],
        "Timeout": given["timeout"],
        "Role": given["role"],
        "Runtime": given["runtime"],
        "Type": given["func_type"],
        "Status": "Active",
        "CodeSha256": _code(given["zip_file"]),
        "Layers": {layer["layer_name"]: layer["layer_version"] for layer in given["layers"]},
        "Environment": given["environment"],
        "PublicNetConfig": {
            "PublicNetStatus": "ENABLE" if given.get("enable_public_net") else "DISABLE",
            "EipConfig": {"EipStatus": "ENABLE" if given.get("enable_eip_config") else "DISABLE"},
        },
    }


def _trigger(given: Arguments) -> tuple[str, Any]:
    kind, desc = given["type"], given["trigger_desc"]
    # The name of a URL is the platform's: the provider lets nobody give one.
    assert ("trigger_name" in given) == (kind != "http")
    name = given.get("trigger_name", "")
    return f"{kind} {name} of {given['function_name']}", {
        "TriggerDesc": {"cron": desc} if kind == "timer" else json.loads(desc),
        "Enable": given["enable"],
        "Qualifier": given["qualifier"],
        "CustomArgument": given.get("custom_argument", ""),
    }


def _document(given: Arguments) -> tuple[str, Any]:
    return given["name"], {"PolicyDocument": json.loads(given["document"])}


def _attachment(given: Arguments) -> tuple[str, Any]:
    return given["role_name"], {"PolicyName": given["policy_name"]}


READERS: dict[str, Callable[[Arguments], tuple[str, Any]]] = {
    "tencentcloud_scf_layer": _layer,
    "tencentcloud_scf_function": _function,
    "tencentcloud_scf_trigger": _trigger,
    "tencentcloud_cam_role": _document,
    "tencentcloud_cam_policy": _document,
    "tencentcloud_cam_role_policy_attachment_by_name": _attachment,
}
KINDS = {
    "layer": "scf_layer",
    "function": "scf_function",
    "trigger": "scf_trigger",
    "role": "cam_role",
    "policy": "cam_policy",
    "attachment": "cam_role_policy_attachment_by_name",
}


def by_deploy(root: Path, environ: Mapping[str, str]) -> dict[tuple[str, str], Any]:
    """Give what `make deploy` makes, field by field."""
    found: dict[tuple[str, str], Any] = {}
    for each in plan.resources(described(root, environ), roles=True):
        if isinstance(each, LayerVersion):
            each.version = VERSION
        if isinstance(each, TriggerItself) and each.type == "http":
            each.own_name = ""
        fields = dict(each.wanted)
        if isinstance(each, FunctionItself):
            fields |= {"PublicNetConfig": PUBLIC}
        found[KINDS[each.kind], each.name] = fields
    return found
