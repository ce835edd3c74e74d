"""Run in a fresh process: make calls twice by the vendor's client; print the second's CPU."""

import json
import os
import sys
from resource import RUSAGE_SELF, getrusage

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

calls = json.load(sys.stdin)
credential = Credential(
    os.environ["TENCENTCLOUD_SECRETID"],
    os.environ["TENCENTCLOUD_SECRETKEY"],
    os.environ["TENCENTCLOUD_SESSIONTOKEN"],
)
endpoint = os.environ["AS_ENDPOINT"].removeprefix("http://")
profile = ClientProfile(httpProfile=HttpProfile("http", endpoint, keepAlive=True))
clients = {
    service: CommonClient(service, version, credential, "ap-guangzhou", profile)
    for service, version in (("as", "2018-04-19"), ("cvm", "2017-03-12"))
}


def cpu() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


for _ in range(2):
    begun = cpu()
    for service, action, parameters in calls:
        clients[service].call_json(action, parameters)  # which ends with json.loads
    spent = cpu() - begun
sys.stdout.write(f"{json.dumps([spent])}\n")
