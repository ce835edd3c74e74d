"""A cloud of one scaling group, for timing: it answers every action at once, and checks nothing."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP, CONFIGURATION, OLD, NEW = "asg-9dn1a5y6", "asc-9dn1a5y6", "img-1a2b3c4d", "img-5e6f7a8b"
INSTANCES = [f"ins-{number:08d}" for number in range(4)]
MANIFEST = json.dumps({"AutoScalingGroupId": GROUP, "ImageId": NEW})


def answer(action: str) -> dict[str, Any]:
    """Give the `Response` of an action."""
    return {"RequestId": "r-1", **_ANSWERS.get(action, {})}


def _image(image: str, created: str) -> dict[str, Any]:
    return {
        "ImageId": image,
        "ImageState": "NORMAL",
        "ImageType": "PRIVATE_IMAGE",
        "Architecture": "x86_64",
        "ImageSize": 20,
        "CreatedTime": created,
        "ImageFamily": "web",
        "ImageCreator": "100000000001",
        "ImageDeprecated": False,
    }


def _instance(instance: str) -> dict[str, Any]:
    return {
        "InstanceId": instance,
        "AutoScalingGroupId": GROUP,
        "LifeCycleState": "IN_SERVICE",
        "HealthStatus": "HEALTHY",
    }


def _machine(instance: str) -> dict[str, Any]:
    return {"InstanceId": instance, "ImageId": OLD, "SystemDisk": {"DiskSize": 50}}


_ANSWERS: dict[str, dict[str, Any]] = {
    "DescribeAutoScalingGroups": {
        "TotalCount": 1,
        "AutoScalingGroupSet": [
            {
                "AutoScalingGroupId": GROUP,
                "AutoScalingGroupName": "web",
                "AutoScalingGroupStatus": "NORMAL",
                "InActivityStatus": "NOT_IN_ACTIVITY",
                "EnabledStatus": "ENABLED",
                "InServiceInstanceCount": len(INSTANCES),
                "InstanceCount": len(INSTANCES),
                "LaunchConfigurationId": CONFIGURATION,
                "ForwardLoadBalancerSet": [],
                "Tags": [{"Key": "instance-refresh:image-family", "Value": "web"}],
            }
        ],
    },
    "DescribeLaunchConfigurations": {
        "TotalCount": 1,
        "LaunchConfigurationSet": [
            {
                "LaunchConfigurationId": CONFIGURATION,
                "ImageId": OLD,
                "LaunchConfigurationStatus": "NORMAL",
                "SystemDisk": {"DiskSize": 50},
                "AutoScalingGroupAbstractSet": [{"AutoScalingGroupId": GROUP}],
            }
        ],
    },
    "DescribeAutoScalingInstances": {
        "TotalCount": len(INSTANCES),
        "AutoScalingInstanceSet": [_instance(instance) for instance in INSTANCES],
    },
    "DescribeRefreshActivities": {"TotalCount": 0, "RefreshActivitySet": []},
    "DescribeImages": {
        "TotalCount": 2,
        "ImageSet": [_image(OLD, "2026-01-01T00:00:00Z"), _image(NEW, "2026-02-01T00:00:00Z")],
    },
    "DescribeImageFromFamily": {"Image": _image(NEW, "2026-02-01T00:00:00Z")},
    "DescribeInstances": {
        "TotalCount": len(INSTANCES),
        "InstanceSet": [_machine(instance) for instance in INSTANCES],
    },
    "StartInstanceRefresh": {"RefreshActivityId": "ra-1a2b3c4d"},
}


class Cloud:
    """Where it listens, and when the first byte of a request came since `reset`."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.actions: list[str] = []
        self._first = 0.0

    def reset(self) -> None:
        self._first, self.actions = 0.0, []

    def met(self, action: str) -> None:
        self._first = self._first or time.perf_counter()
        self.actions.append(action)

    def first_after(self, started: float) -> float:
        """Give the seconds from `started` to the first request; an error where there was none."""
        if not self._first:
            message = "no request reached the cloud"
            raise RuntimeError(message)
        return self._first - started


@contextmanager
def serving() -> Iterator[Cloud]:
    """Serve on a loopback port."""
    cloud = Cloud()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            action = self.headers["X-TC-Action"]
            cloud.met(action)
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(json.dumps({"Response": answer(action)}).encode())

        def do_GET(self) -> None:
            cloud.met("GetObject")
            self._send(MANIFEST.encode())

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cloud.endpoint = f"http://127.0.0.1:{server.server_port}"
        yield cloud
        server.shutdown()
