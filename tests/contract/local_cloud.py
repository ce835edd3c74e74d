"""The vendor's SDK pointed at a local cloud."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from local.clock import ManualClock
from local.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.autoscaling.activity import RefreshActivity
    from local.autoscaling.models import Group
    from local.credentials import Credentials
    from local.cvm.models import Instance

REGION = "ap-guangzhou"
VERSIONS = {"as": "2018-04-19", "cvm": "2017-03-12", "tag": "2018-08-13", "sts": "2018-08-13"}


def profile(cloud: Cloud, *, method: str = "POST", unsigned: bool = False) -> ClientProfile:
    """Point the SDK at a cloud."""
    endpoint = cloud.endpoint.removeprefix("http://")
    http = HttpProfile(endpoint=endpoint, protocol="http", reqMethod=method)
    made = ClientProfile(httpProfile=http)
    made.unsignedPayload = unsigned
    return made


def credential(keys: Credentials) -> Credential:
    return Credential(keys.secret_id, keys.secret_key, keys.token)


def client(
    cloud: Cloud,
    service: str = "as",
    *,
    keys: Credentials | None = None,
    region: str = REGION,
    version: str = "",
    **settings: Any,
) -> CommonClient:
    """Make a client of one service."""
    signed = credential(keys or cloud.role())
    pointed = profile(cloud, **settings)
    return CommonClient(service, version or VERSIONS[service], signed, region, pointed)


class Calls:
    """Calls with one client; gives the answer, or the code of the error."""

    def __init__(self, cloud: Cloud, service: str = "as", **settings: Any) -> None:
        self._client = client(cloud, service, **settings)

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.call_json(action, parameters)["Response"]
        return answer

    def code(self, action: str, **parameters: Any) -> str:
        with pytest.raises(TencentCloudSDKException) as caught:
            self(action, **parameters)
        code: str = caught.value.get_code()
        return code


class Fleet:
    """A group on an old image whose launch configuration can name a new one."""

    def __init__(self, cloud: Cloud, instances: int = 4, **group: Any) -> None:
        self.cloud = cloud
        self.region = cloud.region(REGION)
        self.old = self.region.add_image().image_id
        self.new = self.region.add_image().image_id
        self.group: Group = self.region.add_group(image=self.old, instances=instances, **group)
        self.id = self.group.auto_scaling_group_id
        self.call = Calls(cloud)

    def publish(self) -> None:
        """Put the new image into the launch configuration."""
        self.region.launch_configurations[self.group.launch_configuration_id].image_id = self.new

    def parameters(self, batches: int = 2, **rolling: Any) -> dict[str, Any]:
        """Give the parameters of a start; `mode` and `health` are no rolling settings."""
        mode, health = rolling.pop("mode", None), rolling.pop("health", {})
        settings = {"RollingUpdateSettings": {"BatchNumber": batches, **rolling}, **health}
        given = {"AutoScalingGroupId": self.id, "RefreshSettings": settings}
        return {**given, "RefreshMode": mode} if mode else given

    def start(self, batches: int = 2, **rolling: Any) -> RefreshActivity:
        answer = self.call("StartInstanceRefresh", **self.parameters(batches, **rolling))
        return self.region.activities[answer["RefreshActivityId"]]

    def steer(self, verb: str, activity: RefreshActivity, **more: Any) -> dict[str, Any]:
        """Resume, Stop or Cancel."""
        return self.call(f"{verb}InstanceRefresh", **self.names(activity), **more)

    def refused(self, verb: str, activity: RefreshActivity) -> str:
        """Give the code that a Resume, Stop or Cancel is refused with."""
        return self.call.code(f"{verb}InstanceRefresh", **self.names(activity))

    def names(self, activity: RefreshActivity) -> dict[str, Any]:
        return {"AutoScalingGroupId": self.id, "RefreshActivityId": activity.refresh_activity_id}

    def rollback(self, origin: RefreshActivity, batches: int = 1, **rolling: Any) -> dict[str, Any]:
        parameters = self.parameters(batches, **rolling)
        origin_id = origin.refresh_activity_id
        return {**parameters, "OriginRefreshActivityId": origin_id}

    def wait(self, seconds: float) -> None:
        self.cloud.clock.advance(seconds)
        self.cloud.settle()

    def until(self, condition: Callable[[], bool]) -> None:
        """Let simulated time pass, second by second."""
        for _ in range(4000):
            if condition():
                return
            self.wait(1)
        pytest.fail("it never came to that")

    def finish(self, activity: RefreshActivity) -> str:
        """Wait until an activity has ended or paused, and give its status."""
        self.until(lambda: activity.status not in ("INIT", "RUNNING"))
        return activity.status

    @property
    def instances(self) -> list[Instance]:
        return self.region.instances_of(self.group)

    @property
    def images(self) -> list[str]:
        return [instance.image_id for instance in self.instances]


@contextmanager
def fleet(instances: int = 4, **group: Any) -> Iterator[Fleet]:
    """Serve a cloud with one group, on a clock that the test moves; no call is one too many."""
    with Cloud(clock=ManualClock()) as cloud:
        cloud.limits.clear()
        yield Fleet(cloud, instances, **group)
