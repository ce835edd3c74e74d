"""Write keys that end in an hour to a file: `python credentials.py FILE`.

ROLE_ARN is the role that they are of. In GitHub Actions the job's own identity takes it, as the
CAM identity provider PROVIDER_ID lets it; elsewhere the keys TENCENTCLOUD_SECRET_ID and _KEY do.
The lines in FILE are what Packer, publish.py and the Terraform provider read.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import urlsplit

import requests
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

SECONDS = 3600
NAMES = {
    "TENCENTCLOUD_SECRET_ID": "TmpSecretId",
    "TENCENTCLOUD_SECRET_KEY": "TmpSecretKey",
    "TENCENTCLOUD_SECURITY_TOKEN": "Token",
}


def main(path: str) -> None:
    in_github = "ACTIONS_ID_TOKEN_REQUEST_URL" in os.environ
    found = by_identity() if in_github else by_keys()
    values = {name: found[field] for name, field in NAMES.items()}
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    with os.fdopen(os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600), "a") as file:
        file.write(lines)
    if in_github:  # its log shows no value that is named so; other logs would show this line
        for value in values.values():
            print(f"::add-mask::{value}")


def by_identity() -> dict[str, str]:
    """Take the role with the job's identity; no key is kept anywhere."""
    given = {
        "ProviderId": os.environ["PROVIDER_ID"],
        "WebIdentityToken": identity(),
    }
    return call("AssumeRoleWithWebIdentity", given, None, {"SkipSign": True})


def identity() -> str:
    """Ask GitHub for a token that says whose job this is, for nobody but CAM."""
    answer = requests.get(
        os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
        params={"audience": os.environ.get("AUDIENCE", "sts.tencentcloudapi.com")},
        headers={"Authorization": f"bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["value"])


def by_keys() -> dict[str, str]:
    """Take the role with the keys of a user that may do nothing else."""
    keys = (os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"])
    return call("AssumeRole", {}, Credential(*keys), {})


def call(
    action: str, given: dict[str, str], keys: Credential | None, options: dict[str, bool]
) -> dict[str, str]:
    role = {
        "RoleArn": os.environ["ROLE_ARN"],
        "RoleSessionName": "image",
        "DurationSeconds": SECONDS,
    }
    at = urlsplit(os.environ.get("STS_ENDPOINT", "https://sts.tencentcloudapi.com"))
    profile = ClientProfile(httpProfile=HttpProfile(protocol=at.scheme, endpoint=at.netloc))
    client = CommonClient("sts", "2018-08-13", keys, os.environ["REGION"], profile)
    answer: dict[str, Any] = client.call_json(action, {**role, **given}, options=options)
    found: dict[str, str] = answer["Response"]["Credentials"]
    return found


if __name__ == "__main__":
    main(sys.argv[1])
