"""Run in a fresh process: what anyone writes first, the typed client and one call."""

import os
import sys

from tencentcloud.autoscaling.v20180419 import autoscaling_client, models
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

http = HttpProfile(protocol="http", endpoint=os.environ["AS_ENDPOINT"].removeprefix("http://"))
client = autoscaling_client.AutoscalingClient(
    credential.Credential(
        os.environ["TENCENTCLOUD_SECRETID"],
        os.environ["TENCENTCLOUD_SECRETKEY"],
        os.environ["TENCENTCLOUD_SESSIONTOKEN"],
    ),
    "ap-guangzhou",
    ClientProfile(httpProfile=http),
)
request = models.StartInstanceRefreshRequest()
request.from_json_string(sys.stdin.read())
sys.stdout.write(f"answer {client.StartInstanceRefresh(request).to_json_string()}\n")
sys.stdout.flush()
with open("/proc/self/status") as status:  # noqa: PTH123 — as in child.py
    sys.stdout.write(next(line for line in status if line.startswith("VmHWM")).split()[1])
