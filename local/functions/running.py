"""What is deployed, running: its zips, with its role's credentials, started by its triggers."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from local.functions.packages import unpack
from local.scf.cron import Cron
from local.scf.function import Function
from local.scf.function_url import FunctionUrls
from local.scf.invocation import STATUS_OK, Answer, Invocation
from local.scf.platform import Platform
from local.scf.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from local.credentials import Credentials
    from local.functions.models import Deployed, Package, Trigger
    from local.scf.host import Host

BUCKET_DOMAIN = ".cos."


class Running(Platform):
    """Runs the functions of one region; each call begins with what is deployed then."""

    def __init__(self, host: Host, region: str, python: str) -> None:
        self._folder = TemporaryDirectory(prefix="scf-")
        super().__init__(host, Path(self._folder.name), python=python, region=region)
        self._endpoints = host.environment()

    def close(self) -> None:
        """Stop everything; running events end as a crash."""
        self.__exit__(None, None, None)
        self._folder.cleanup()

    def install(
        self, deployed: Deployed, layers: Sequence[Package], role: Credentials | None
    ) -> None:
        """Run this from now on; what runs already ends with what it began with."""
        folder = Path(self._folder.name)
        opt = [unpack(package, folder / "opt") for package in reversed(layers)]  # the last one wins
        function = Function(
            name=deployed.name,
            code=unpack(deployed.package, folder / "code"),
            region=deployed.region,
            # The addresses of the vendor's services lead to this cloud.
            environ={**deployed.variables, **self._endpoints},
            timeout_s=deployed.timeout,
            memory_mb=deployed.memory,
            role=role,
        )
        before = self._pools.get(deployed.name)
        self._pools[deployed.name] = Pool(function, opt, self._python)
        if before is not None:
            before.replace(function)  # closes what is warm, and what runs once it has ended

    def uninstall(self, name: str) -> None:
        self._pools.pop(name).close()

    def connect(self, deployed: Deployed, trigger: Trigger) -> None:
        """Let a trigger start its function, as long as the function has it as it is now."""
        if trigger.kind == "http":
            if not trigger.url:
                trigger.url = self._serve(deployed, trigger)
        elif trigger.kind == "timer":
            self._plan(deployed, trigger, trigger.modified, self._cloud.clock.now())
        else:
            wanted = trigger.desc["filter"]
            self._cloud.cos.subscribe(
                trigger.name.partition(BUCKET_DOMAIN)[0],
                partial(self._created, deployed, trigger),
                prefix=wanted["Prefix"],
                suffix=wanted["Suffix"],
            )

    def _serve(self, deployed: Deployed, trigger: Trigger) -> str:
        if self._urls is None:
            self._urls = FunctionUrls()
        return self._urls.serve(partial(self._requested, deployed, trigger))

    def _requested(
        self, deployed: Deployed, trigger: Trigger, event: dict[str, Any], request_id: str
    ) -> Invocation:
        """Answer a request to the URL; CAM lets none through, as no signature is read here."""
        if _live(deployed, trigger) and trigger.desc["AuthType"] == "NONE":
            return self.invoke(deployed.name, event, request_id)
        status = 401 if _live(deployed, trigger) else 404
        body = json.dumps({"errorCode": -1, "errorMessage": "the URL serves no such call"})
        answer = Answer(status=STATUS_OK, result={"statusCode": status, "body": body})
        return self._record(self._pool(deployed.name), request_id, event, answer, 1, cold=False)

    def _plan(
        self, deployed: Deployed, trigger: Trigger, version: datetime, after: datetime
    ) -> None:
        moment = Cron(trigger.desc["cron"]).after(after)
        if moment is not None:
            self._cloud.timeline.at(moment, partial(self._fire, deployed, trigger, version, moment))

    def _fire(
        self, deployed: Deployed, trigger: Trigger, version: datetime, moment: datetime
    ) -> None:
        if not _live(deployed, trigger) or trigger.modified != version:
            return
        event = {
            "Type": "Timer",
            "TriggerName": trigger.name,
            "Time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "Message": trigger.argument,
        }
        self.invoke_async(deployed.name, event)
        self._plan(deployed, trigger, version, moment)

    def _created(self, deployed: Deployed, trigger: Trigger, event: dict[str, Any]) -> None:
        if _live(deployed, trigger):
            self._notify(deployed.name, event)


def _live(deployed: Deployed, trigger: Trigger) -> bool:
    return trigger.enabled and any(each is trigger for each in deployed.triggers)
