"""The platform: deploys functions, invokes them, and connects them to their triggers."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from local.clock import ManualClock
from local.scf.asynchronous import Asynchronous
from local.scf.cron import BEIJING
from local.scf.function import Credentials, Function
from local.scf.function_url import FunctionUrls
from local.scf.invocation import Answer, Invocation
from local.scf.pool import Pool
from local.scf.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from local.scf.host import Host
    from local.scf.instance import Instance

SYNC_EVENT_LIMIT = 6 * 1024 * 1024
ASYNC_EVENT_LIMIT = 128 * 1024
# How often a clock that runs by itself is looked at, in real seconds.
TICK_S = 0.02


class Platform:
    """Functions beside a cloud: `with Platform(cloud, functions, opt) as platform: ...`.

    `functions` holds a folder a function, `opt` the directories the platform would have merged
    at /opt. Timers and second tries follow the cloud's clock; a ManualClock needs `tick`.
    `on_invocation` is called after each try.
    """

    def __init__(
        self,
        cloud: Host,
        functions: Path,
        opt: Sequence[Path] = (),
        python: str = sys.executable,
        *,
        region: str = "ap-guangzhou",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Begin with nothing deployed; `environ` is added to every function's variables."""
        self.invocations: list[Invocation] = []
        self.on_invocation: Callable[[Invocation], object] | None = None
        self._cloud, self._code, self._opt = cloud, functions, list(opt)
        self._python, self._region, self._environ = python, region, dict(environ or {})
        self._pools: dict[str, Pool] = {}
        self._asynchronous = Asynchronous(self._run, cloud.timeline)
        self._timers = Timers(cloud.timeline, self.invoke_async)
        self._urls: FunctionUrls | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._ticker = threading.Thread(target=self._follow_clock, name="scf-clock", daemon=True)

    def __enter__(self) -> Self:
        """Let timers run, if the cloud's clock runs by itself."""
        if not isinstance(self._cloud.clock, ManualClock):
            self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything: running events end as a crash, later tries are dropped."""
        self._stopped.set()
        self._timers.close()
        if self._ticker.ident is not None:
            self._ticker.join()
        for pool in self._pools.values():
            pool.close()
        if self._urls is not None:
            self._urls.close()
        self._asynchronous.close()

    @property
    def functions(self) -> dict[str, Function]:
        """What is deployed, by name; a new `role` there reaches warm instances too."""
        return {name: pool.function for name, pool in self._pools.items()}

    def deploy(
        self,
        name: str,
        *,
        environ: Mapping[str, str] | None = None,
        timeout_s: int = 3,
        memory_mb: int = 128,
        role: Credentials | None = None,
        concurrency: int | None = None,
    ) -> Function:
        """Deploy `<functions>/<name>`; again to replace it: the next events start cold.

        The variables are the cloud's endpoints, the platform's `environ` and the function's own.
        """
        function = Function(
            name=name,
            code=(self._code / name).resolve(),
            region=self._region,
            environ={**self._cloud.environment(), **self._environ, **(environ or {})},
            timeout_s=timeout_s,
            memory_mb=memory_mb,
            role=role,
            concurrency=concurrency,
        )
        if name in self._pools:
            self._pools[name].replace(function)
        else:
            self._pools[name] = Pool(function, self._opt, self._python)
        return function

    def invoke(self, name: str, event: object, request_id: str | None = None) -> Invocation:
        """Run one event and wait for it: one try, refused (432) at the reserved concurrency."""
        pool, body = self._pool(name), json.dumps(event)
        request_id = request_id or str(uuid.uuid4())
        if size(event) > SYNC_EVENT_LIMIT:
            return self._refuse(pool, request_id, event, 406)
        instance = pool.acquire()
        if instance is None:
            return self._refuse(pool, request_id, event, 432)
        return self._run(pool, instance, request_id, body, 1)

    def invoke_async(self, name: str, event: object) -> Future[Invocation]:
        """Queue one event: up to three tries, a minute apart; the future gives the last."""
        pool, body, request_id = self._pool(name), json.dumps(event), str(uuid.uuid4())
        if size(event) > ASYNC_EVENT_LIMIT:
            refused: Future[Invocation] = Future()
            refused.set_result(self._refuse(pool, request_id, event, 406))
            return refused
        return self._asynchronous.submit(pool, request_id, body)

    def http(self, name: str) -> str:
        """Open a function URL on loopback and return it, with a slash at its end."""
        self._pool(name)
        if self._urls is None:
            self._urls = FunctionUrls()
        return self._urls.serve(partial(self.invoke, name))

    def timer(
        self, function: str, *, name: str, cron: str, message: str = "", zone: tzinfo = BEIJING
    ) -> None:
        """Invoke a function whenever the cloud's clock passes a time of the cron expression."""
        self._pool(function)
        self._timers.add(function, name, cron, message, zone)

    def cos(self, name: str, *, bucket: str, prefix: str = "", suffix: str = "") -> None:
        """Invoke a function for each object created in a bucket, filtered by its key."""
        self._pool(name)
        self._cloud.cos.subscribe(bucket, partial(self._notify, name), prefix=prefix, suffix=suffix)

    def tick(self, timeout_s: float = 60.0) -> None:
        """Do what is due by the cloud's clock, and wait until no asynchronous try runs."""
        self._cloud.settle()
        self._asynchronous.wait_idle(timeout_s)

    def drain(self, timeout_s: float = 60.0) -> None:
        """Do what is due, and wait (real seconds) until all asynchronous tries are over."""
        self._cloud.settle()
        self._asynchronous.wait_drained(timeout_s)

    def kill(self, name: str) -> None:
        """Kill the function's instances now; what they run ends as a crash (439)."""
        self._pool(name).kill()

    def _pool(self, name: str) -> Pool:
        try:
            return self._pools[name]
        except KeyError:
            message = f"no function {name!r} is deployed: {', '.join(sorted(self._pools)) or '-'}"
            raise LookupError(message) from None

    def _run(
        self, pool: Pool, instance: Instance, request_id: str, body: str, try_number: int
    ) -> Invocation:
        function, cold = pool.function, instance.calls == 0
        try:
            answer = instance.invoke(body, function.context(request_id), function.timeout_s)
        finally:
            pool.release(instance)
        return self._record(pool, request_id, json.loads(body), answer, try_number, cold=cold)

    def _refuse(self, pool: Pool, request_id: str, event: object, status: int) -> Invocation:
        return self._record(pool, request_id, event, Answer(status=status), 1, cold=False)

    def _record(
        self,
        pool: Pool,
        request_id: str,
        event: object,
        answer: Answer,
        try_number: int,
        *,
        cold: bool,
    ) -> Invocation:
        done = Invocation(
            function=pool.function.name,
            request_id=request_id,
            event=event,
            try_number=try_number,
            cold=cold,
            **vars(answer),
        )
        with self._lock:
            self.invocations.append(done)
        if self.on_invocation is not None:
            self.on_invocation(done)
        return done

    def _notify(self, name: str, event: dict[str, Any]) -> None:
        if not self._stopped.is_set():
            self.invoke_async(name, event)

    def _follow_clock(self) -> None:
        while not self._stopped.wait(TICK_S):
            self._cloud.settle()


def size(event: object) -> int:
    """Count the bytes of an event's JSON in UTF-8."""
    return len(json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass"))
