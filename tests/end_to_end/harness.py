"""Functions called in this process, on a local cloud, as SCF would call them."""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from collections import defaultdict
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from deploy.policies import of_function
from instance_refresh import clock
from instance_refresh.contract import check
from instance_refresh.link import signature_of, status_link
from instance_refresh.model.request import START, VERBS
from local import api
from local.autoscaling.actions import ACTIONS
from local.clock import ManualClock
from local.cloud import Cloud
from local.cos import actions as cos_actions
from local.scf.project import FUNCTIONS, ROOT, names
from local.webhook import signature
from tests.end_to_end.seams import clock as functions_clock
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.calls import Call
    from local.clock import Clock

REGION = "ap-guangzhou"
EVERY_ACTION = ",".join(VERBS)
BUCKET = "images-1250000000"
# When the older and the newer of two images were made.
BEFORE = datetime(2025, 12, 30, tzinfo=timezone.utc)
LATER = datetime(2025, 12, 31, tzinfo=timezone.utc)


def handler(function: str) -> Any:
    """Load a function's handler."""
    name = f"functions_{function}"
    if name not in sys.modules:
        path = FUNCTIONS / function / "index.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name].main_handler


@cache
def allowed(function: str, actions: str = START, mode: str = "act") -> tuple[str, ...]:
    """Give what a function's role allows by the settings, as CAM writes it (`name/as:…`)."""
    policy = json.loads((ROOT / "role" / f"{function}.json").read_text(encoding="utf-8"))
    environ = defaultdict(str, ALLOWED_ACTIONS=actions, MODE=mode)
    policy = of_function(function, policy, environ)
    return tuple(action for statement in policy["statement"] for action in statement["action"])


SECRET = "whsec_" + base64.b64encode(b"a secret that only tests have").decode()


def signed(body: str, secret: str = SECRET) -> dict[str, str]:
    """Give the headers of a call that is signed now, by the functions' clock."""
    return {"content-type": "application/json", **signature(secret, body, clock.now())}


def signed_query(path: str, query: Any) -> dict[str, Any]:
    """Give a query with what makes it a link that is good for a minute, by the functions' clock."""
    listed = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    ends = str(int(clock.now().timestamp()) + 60)
    pairs = [(name, str(each)) for name, values in listed.items() for each in values]
    signed = signature_of(path, [*pairs, ("expires", ends)], SECRET)
    return {**query, "expires": ends, "signature": signed}


def tags(**policy: object) -> dict[str, str]:
    """Give a group's tags: `image_family="web"` unless it says another."""
    known = {"image_family": "web", **policy}
    return {f"instance-refresh:{k.replace('_', '-')}": str(v) for k, v in known.items()}


def variables(role: Any) -> dict[str, str]:
    """Give the variables by which a function has its role's credentials."""
    return {
        "TENCENTCLOUD_SECRETID": role.secret_id,
        "TENCENTCLOUD_SECRETKEY": role.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": role.token,
    }


class World:
    """A cloud whose time a test moves, and the functions on it."""

    def __init__(self, cloud: Cloud, environ: dict[str, str]) -> None:
        self.cloud = cloud
        self.region = cloud.region(REGION)
        self.environ = environ
        self.act_as(cloud.role())
        self.take_own_roles()

    def take_own_roles(self) -> None:
        """Let each function act as its own role, as the settings leave it."""
        asked = self.environ.get("ALLOWED_ACTIONS", START), self.environ.get("MODE", "act")
        self.roles = {
            name: self.cloud.role(allow=[action.rpartition(":")[2] for action in may])
            for name in names()
            if (may := allowed(name, *asked))
        }

    def act_as(self, role: Any) -> None:
        """Let every function act as this role, and not as its own."""
        self.role = role
        self.roles = dict.fromkeys(names(), role)
        self.environ |= variables(role)

    def calls_of(self, function: str) -> list[Call]:
        """Give the calls that a function has made as its role."""
        own = self.roles[function].secret_id
        return [call for call in self.cloud.calls if call.secret_id == own]

    def call(self, function: str, event: Any, *, limit_ms: int = 20_000) -> Any:
        """Call a function once, as its role."""
        environ = self.environ | variables(self.roles[function])
        context = {
            "request_id": "r-1",
            "function_name": function,
            "time_limit_in_ms": limit_ms,
            "tencentcloud_region": REGION,
        }
        with mock.patch.dict("os.environ", environ, clear=True):
            return handler(function)(event, context)

    def post(self, **document: Any) -> tuple[int, dict[str, Any]]:
        """Send a request to the webhook; gives the status and the document."""
        body = json.dumps(document)
        event = {"httpMethod": "POST", "headers": signed(body), "body": body}
        answer = self.call("webhook", event)
        return answer["statusCode"], json.loads(answer["body"])

    def look(
        self,
        *pairs: tuple[str, str],
        accept: str = "application/json",
        secret: str = SECRET,
        lasts: float = 60,
    ) -> Any:
        """Open a signed link to the status; gives the function's answer."""
        ends = self.cloud.clock.now() + timedelta(seconds=lasts)
        url = urlsplit(status_link("https://status.example/", secret, ends, pairs))
        query = parse_qs(url.query, keep_blank_values=True)
        event = {
            "httpMethod": "GET",
            "path": url.path,
            "headers": {"Accept": accept},
            "queryString": {n: v[0] if len(v) == 1 else v for n, v in query.items()},
        }
        return self.call("status", event, limit_ms=60_000)

    def status(self, *pairs: tuple[str, str]) -> dict[str, Any]:
        """Ask for the status of one region; the document follows its schema."""
        answer = self.look(*pairs)
        assert answer["statusCode"] == 200, answer
        (document,) = check("status", json.loads(answer["body"]), "the status")["Regions"]
        found: dict[str, Any] = document
        return found

    def tick(self, message: Any = "", *, limit_ms: int = 20_000) -> dict[str, Any]:
        """Let the timer tick, now."""
        text = message if isinstance(message, str) else json.dumps(message)
        now = f"{self.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        event = {"Type": "Timer", "TriggerName": "tick", "Time": now, "Message": text}
        result: dict[str, Any] = self.call("schedule", event, limit_ms=limit_ms)
        return result

    def ticks(self, count: int, message: Any = "") -> list[dict[str, Any]]:
        """Let the timer tick as `.env.example` has it, every five minutes; give the results."""
        results = []
        for _ in range(count):
            self.advance(300 - self.cloud.clock.now().timestamp() % 300)
            results.append(self.tick(message))
        return results

    def make_image(self, image: str, created: datetime | None = None) -> None:
        """Make the newest image of the family `web`, and let a minute pass."""
        self.region.add_image(image, family="web", created=created or self.cloud.clock.now())
        self.advance(60)

    def publish(self, key: str, manifest: Any) -> dict[str, Any]:
        """Put a manifest into the bucket and give the event of it."""
        events: list[dict[str, Any]] = []
        self.cloud.cos.subscribe(BUCKET, events.append, prefix=key)
        body = manifest if isinstance(manifest, str) else json.dumps(manifest)
        self.cloud.cos.put(BUCKET, key, body.encode())
        return events[-1]

    def advance(self, seconds: float) -> None:
        assert isinstance(self.cloud.clock, ManualClock)
        self.cloud.clock.advance(seconds)
        self.cloud.settle()

    def finish(self) -> None:
        """Let every activity come to its end, or to a pause."""
        for _ in range(200):
            if not any(a.status in ("INIT", "RUNNING") for a in self.region.activities.values()):
                return
            self.advance(120)
        message = "activities do not end"
        raise AssertionError(message)

    def runs(self, group: str) -> set[str]:
        """Give the images that a group's instances run."""
        return {instance.image_id for instance in self.members(group)}

    def members(self, group: str) -> list[Any]:
        """Give a group's instances."""
        return self.region.instances_of(self.region.groups[group])

    def configured(self, group: str) -> str:
        name = self.region.groups[group].launch_configuration_id
        image: str = self.region.launch_configurations[name].image_id
        return image

    def reinstalls(self) -> dict[str, int]:
        """Count how often each instance was reinstalled."""
        counts: dict[str, int] = {}
        for done in self.region.reinstalls:
            counts[done.instance_id] = counts.get(done.instance_id, 0) + 1
        return counts


@contextmanager
def answering(
    action: str, answer: Callable[[Callable[..., dict[str, Any]], Any, Any], dict[str, Any]]
) -> Iterator[None]:
    """Let `answer(real, region, parameters)` stand for an action of Auto Scaling on the cloud."""
    real = ACTIONS[action]
    with mock.patch.dict(ACTIONS, {action: partial(answer, real)}):
        yield


@contextmanager
def denied_with(code: Any, message: str) -> Iterator[None]:
    """Let the fault `denied` come in these words; what COS says keeps its own code."""
    of_cos = (cos_actions.ERRORS["denied"][0], message)
    with (
        mock.patch.dict(api.ERRORS, {"denied": (code, message)}),
        mock.patch.dict(cos_actions.ERRORS, {"denied": of_cos}),
    ):
        yield


@contextmanager
def world(*, paced: bool = False, time: Clock | None = None, **settings: str) -> Iterator[World]:
    """Give an empty cloud; unless `paced`, calls have no limit a second, and none waits."""
    with (
        Cloud(clock=time or ManualClock()) as cloud,
        functions_clock(new=cloud.clock.now),
        quick(paced=paced),
    ):
        if not paced:
            cloud.limits.clear()
        cloud.cos.create_bucket(BUCKET, REGION)
        environ = {"TENCENTCLOUD_REGION": REGION, **cloud.environment(), **settings}
        environ.setdefault("WEBHOOK_SECRET", SECRET)
        environ.setdefault("STATUS_SECRET", SECRET)
        yield World(cloud, environ)
