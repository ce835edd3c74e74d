"""The variables of a deploy: which ones the yml files and the roles name, and what they must be."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPENDENCIES = ROOT / "layers" / "dependencies"
LAYER = ROOT / "layers" / "instance_refresh"
_REFERENCE = re.compile(r"\$\{env:(\w+)\}")
_COMMENT = re.compile(r"\s#")
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
OF_THE_CLI = {  # a login writes the first four to .env
    "TENCENT_APP_ID",
    "TENCENT_SECRET_ID",
    "TENCENT_SECRET_KEY",
    "TENCENT_TOKEN",
    "SCF_FLAGS",
}
# What the deploy itself reads: where it calls, if not at the vendor's own addresses; its switches.
OF_THE_DEPLOY = {"SCF_ENDPOINT", "CAM_ENDPOINT", "ROLES", "YES"}
OF_WHO_DEPLOYS = {"TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"}
KEYS = (*sorted(OF_WHO_DEPLOYS), "TENCENT_TOKEN")
LISTS = {
    "ALLOWED_ACTIONS",
    "ALLOWED_GROUPS",
    "ALLOWED_REGIONS",
    "AUTO_SCALING_GROUPS",
    "IMAGE_CREATORS",
    "LAUNCH_CONFIGURATIONS",
    "NOTIFY",
    "REGIONS",
}
DERIVED = {"WEBHOOK_URL_AUTH", "STATUS_URL_AUTH", "COS_APPID"}  # from others, by `derived`
MAY_BE_EMPTY = {
    "ALLOWED_GROUPS",
    "ALLOWED_REGIONS",
    "COS_ENDPOINT",
    "IMAGE_CREATORS",
    "MANIFEST_PREFIX",
    "NOTIFY",
    "REGIONS",
    "STATUS_URL",
    "WEBHOOK_SECRET_PREVIOUS",
}


# By what says how the function knows its callers.
_SECRETS = {
    "WEBHOOK_AUTH": ("WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"),
    "STATUS_AUTH": ("STATUS_SECRET",),
}
_SECRET = (
    r"whsec_[A-Za-z0-9+/]{32,}={0,2}",
    'what this prints: echo "whsec_$(openssl rand -base64 32)"',
)


def _list(form: str) -> str:
    """Give the form of what is listed with commas."""
    return rf"({form}\s*(,\s*|$))+"


_ENDPOINT = r"https://(?!localhost\b|127\.)[A-Za-z0-9.-]+(:[0-9]+)?/?"
_REGION = r"[a-z]{2,4}(-[a-z0-9]+)+"
_ACCOUNTS = rf"\*|{_list('[A-Za-z0-9_]+')}"
_GROUPS, _CONFIGURATIONS = _list("asg-[a-z0-9]+"), _list("asc-[a-z0-9]+")
_FORMS = {
    "AS_ENDPOINT": (_ENDPOINT, "an https:// endpoint of Tencent Cloud"),
    "COS_ENDPOINT": (_ENDPOINT, "an https:// endpoint of COS, or empty for the bucket's own"),
    "CVM_ENDPOINT": (_ENDPOINT, "an https:// endpoint of Tencent Cloud"),
    "REGION": (_REGION, "a region such as ap-guangzhou"),
    "COS_BUCKET": (r"[a-z0-9][a-z0-9-]*-[0-9]+", "a bucket with its APPID: images-1250000000"),
    "ALLOWED_ACTIONS": (_list("[A-Za-z]+"), "actions of requests with commas between them"),
    "ALLOWED_GROUPS": (_GROUPS, "asg-… ids with commas between them, or empty"),
    "ALLOWED_REGIONS": (_list(_REGION), "regions with commas between them, or empty"),
    "REGIONS": (_list(_REGION), "regions with commas between them, or empty"),
    "MODE": (r"act|observe", "act or observe"),
    "IMAGE_CREATORS": (_ACCOUNTS, "account ids with commas between them, *, or empty"),
    "AUTO_SCALING_GROUPS": (rf"\*|{_GROUPS}", "asg-… ids with commas between them, or *"),
    "LAUNCH_CONFIGURATIONS": (rf"\*|{_CONFIGURATIONS}", "asc-… ids with commas between them, or *"),
    "MANIFEST_PREFIX": (r"[^/].*", "what keys begin with, without a / before it: manifests/"),
    "SCHEDULE_CRON": (r"(\S+ ){6}\S+", "seven fields, from seconds to year: 0 */5 * * * * *"),
    "WEBHOOK_AUTH": (r"signature|cam", "signature or cam"),
    "WEBHOOK_SECRET": _SECRET,
    "STATUS_AUTH": (r"signature|cam", "signature or cam"),
    "STATUS_SECRET": _SECRET,
    "STATUS_URL": (_ENDPOINT, "the https:// URL of the status function, or empty"),
}


def variables() -> dict[str, str]:
    """Give .env's variables, else the environment's, else what .env.example has as defaults."""
    example, own = read_variables(ROOT / ".env.example"), read_variables(ROOT / ".env")
    return derived({**example, **os.environ, **own})


def derived(environ: dict[str, str]) -> dict[str, str]:
    """Add what follows from the others, so that they can't contradict each other.

    Lists lose their spaces: what is deployed is the same, however they are written.
    """
    environ = {**environ, **{name: _joined(environ[name]) for name in LISTS & environ.keys()}}
    url_auth = {
        f"{name}_URL_AUTH": "CAM" if environ.get(f"{name}_AUTH") == "cam" else "NONE"
        for name in ("WEBHOOK", "STATUS")
    }
    app_id = environ.get("COS_BUCKET", "").rpartition("-")[2]
    # What the roles may change and what the functions serve are the same regions.
    looked_after = environ.get("REGIONS") or environ.get("REGION", "")
    regions = environ.get("ALLOWED_REGIONS") or looked_after
    own = {**url_auth, "COS_APPID": app_id, "ALLOWED_REGIONS": regions}
    return {**environ, **own, **_keys(environ)}


def _joined(text: str) -> str:
    """Leave nothing between a list's words but commas; what has no words stays, to be refused."""
    return ",".join(word for part in text.split(",") if (word := part.strip())) or text


def _keys(environ: dict[str, str]) -> dict[str, str]:
    """Take who deploys from the names of the vendor's other tools, where these are not set."""
    names = {name: name.replace("TENCENT_", "TENCENTCLOUD_") for name in KEYS}
    if any(environ.get(name) for name in names):
        return {}
    return {name: environ[other] for name, other in names.items() if environ.get(other)}


def read_variables(path: Path) -> dict[str, str]:
    """Read NAME=value lines; none where there is no such file."""
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8-sig", errors="replace")  # a comment may be in GBK
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): _COMMENT.split(value)[0].strip().strip("'\"") for name, _, value in pairs}


def variables_of(text: str) -> set[str]:
    """Find the variables that a yml file takes from the environment, its comments aside."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return {name for line in lines for name in _REFERENCE.findall(line)}


def needed() -> set[str]:
    """Give every variable that a yml file or a role's policy names."""
    return needed_by_yml() | needed_by_roles()


def needed_by_yml() -> set[str]:
    """Give every variable that a yml file names."""
    files = [ROOT / "serverless.yml", DEPENDENCIES / "serverless.yml", LAYER / "serverless.yml"]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return set().union(*map(variables_of, texts)) - DERIVED


def needed_by_roles() -> set[str]:
    """Give every variable that a role's policy names."""
    policies = (path.read_text(encoding="utf-8") for path in (ROOT / "role").glob("*.json"))
    return {name for text in policies for name in PLACEHOLDER.findall(text)} - DERIVED


def unset(environ: dict[str, str], names: set[str]) -> list[str]:
    """Give the variables that need a value and have none."""
    optional = set(MAY_BE_EMPTY)
    for auth, (secret, *_) in _SECRETS.items():
        if environ.get(auth) == "cam":  # nobody signs
            optional.add(secret)
    return [name for name in sorted(names - optional) if not environ.get(name)]


def missing(environ: dict[str, str], names: set[str]) -> list[str]:
    """Say, one line each, which variable is not set or has not its form, and where to set it."""
    lines = []
    for name in unset(environ, names):
        what = f": {_FORMS[name][1]}" if name in _FORMS else ""
        lines.append(f"{name} is not set{what}")
    for name in sorted(names & _FORMS.keys()):
        form, what = _FORMS[name]
        value = environ.get(name, "")
        if value and not re.fullmatch(form, value):
            lines.append(f"{name} must be {what}")
            if form == _ENDPOINT:  # no secret; and the shell's own may be the stand-in's
                lines[-1] += f", and is {value}: set it in .env, or `unset {name}` in this shell"
    for auth, secrets in _SECRETS.items():
        both = [name for name in secrets if environ.get(name)]
        if environ.get(auth) == "cam" and names & {*secrets} and both:
            empty = f"{auth}=cam takes no signature: leave {' and '.join(both)} empty"
            lines.append(f"{empty}, or take signature")
    if lines:
        lines.append("Set them in .env: cp .env.example .env, then fill it in.")
    return lines


def readable_by_others(path: Path) -> list[str]:
    """Warn of a file with secrets that other users of this machine may read."""
    if os.name != "posix" or not path.is_file() or not path.stat().st_mode & 0o077:
        return []
    return [f"other users of this machine may read {path.name}: chmod 600 {path.name}"]


def unknown(own: dict[str, str]) -> list[str]:
    """Say which variables of .env nothing reads: a limit with a wrong name limits nothing."""
    read = needed() | DERIVED | OF_THE_CLI | OF_THE_DEPLOY
    names = (
        name if name.isidentifier() else "a line without NAME=value"  # which may hold a secret
        for name in sorted(own.keys() - read)
    )
    return [
        f"{name} in .env is read by nothing: see .env.example for its right form" for name in names
    ]


def invalid(environ: dict[str, str]) -> list[str]:
    """Say which setting the functions would refuse."""
    sys.path.insert(0, str(LAYER))
    from instance_refresh.errors import InvalidSetting
    from instance_refresh.settings import settings

    try:
        wrong = settings(environ).wrong
    except InvalidSetting as error:
        return [f"{error}"]
    finally:
        sys.path.remove(str(LAYER))
    return [f"the environment variable {text}" for text in wrong]
