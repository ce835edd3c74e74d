"""One instance of a function: a process, kept warm and given one event at a time."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.scf.invocation import Answer, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
# The platform's own default for the start of an instance, apart from the function's timeout.
INIT_TIMEOUT_S = 65.0
# A process that has closed its pipes is given this long to end by itself, with its own code.
EXIT_WAIT_S = 1.0
CHUNK = 64 * 1024


class TimedOut(Exception):
    """No answer came in time."""


class Exited(Exception):
    """The process ended without an answer."""


class Instance:
    """A function's process. Not safe for use by two threads, except for `kill`."""

    def __init__(self, python: str, code: Path, environment: Mapping[str, str]) -> None:
        """Start the process; it loads the function when the first event waits for it."""
        self.calls = 0
        self._killed = False
        self._log = bytearray()
        self._line = bytearray()
        events, self._events = os.pipe()
        self._answers, answers = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the function's interpreter and code
                # -S: nothing is preinstalled, so packages come from the code and /opt alone.
                [python, "-S", str(BOOTSTRAP), str(code), str(events), str(answers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                pass_fds=(events, answers),
                start_new_session=True,
            )
        finally:
            os.close(events)
            os.close(answers)
        if self._process.stdout is None:  # pragma: no cover - PIPE always gives one
            raise Exited
        self._stdout = self._process.stdout
        for descriptor in (self._events, self._answers, self._stdout.fileno()):
            os.set_blocking(descriptor, False)

    def alive(self) -> bool:
        """Tell whether the process still runs, ready for another event."""
        return not (self._killed or self._stdout.closed) and self._process.poll() is None

    def invoke(self, event: str, context: Mapping[str, Any], timeout_s: float) -> Answer:
        """Give the process one event (JSON text) and wait for its answer.

        After a timeout, a crash, a failed start or too much memory the instance is closed. How much
        it was is looked at afterwards: unlike on the platform, the run has come to its end.
        """
        started = time.monotonic()
        message = f'{{"event":{event},"context":{json.dumps(context)}}}\n'.encode()
        try:
            if self.calls == 0:
                ready = json.loads(self._exchange(b"", INIT_TIMEOUT_S))
                if "ready" not in ready:
                    self.close()
                    return self._answer(ready, 0.0)
            self.calls += 1
            started = time.monotonic()
            answer = json.loads(self._exchange(message, timeout_s))
        except TimedOut:
            memory = self._memory_mb()
            self.close()
            answer = {"status": 433, "message": f"Invoking task timed out after {timeout_s:g} s"}
            return self._answer(answer, _since(started), memory)
        except Exited:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(EXIT_WAIT_S)
            self.close()
            answer = {"status": 439, "message": f"The process exited ({self._ending()})"}
            return self._answer(answer, _since(started))
        memory, most = self._memory_mb(), context["memory_limit_in_mb"]
        if memory > most:
            self.close()
            answer = {"status": 434, "message": f"{memory:g} MB of memory, more than {most} MB"}
        return self._answer(answer, _since(started), memory)

    def kill(self) -> None:
        """End the process and what it started, now (SIGKILL)."""
        self._killed = True
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the process, read the rest of its log and release what it held."""
        if self._stdout.closed:
            return
        self.kill()
        self._process.wait()
        self._read_log()
        self._stdout.close()
        os.close(self._events)
        os.close(self._answers)

    def _exchange(self, outgoing: bytes, timeout_s: float) -> bytes:
        """Write a message while reading logs, and return the line that answers it."""
        deadline = time.monotonic() + timeout_s
        left = memoryview(outgoing)
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._stdout, selectors.EVENT_READ)
            if left:
                selector.register(self._events, selectors.EVENT_WRITE)
            while b"\n" not in self._line:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TimedOut
                for key, _ in selector.select(remaining):
                    if key.fd == self._events:
                        left = self._write(left)
                        if not left:
                            selector.unregister(self._events)
                    elif key.fd == self._answers:
                        self._read_line()
                    elif not self._read_log():
                        selector.unregister(self._stdout)
        line, _, rest = bytes(self._line).partition(b"\n")
        self._line = bytearray(rest)
        self._read_log()
        return line

    def _write(self, left: memoryview) -> memoryview:
        try:
            return left[os.write(self._events, left[:CHUNK]) :]
        except BrokenPipeError:
            raise Exited from None

    def _read_line(self) -> None:
        data = os.read(self._answers, CHUNK)
        if not data:
            raise Exited
        self._line += data

    def _read_log(self) -> bool:
        """Take what has been printed up to now; False at the end of the stream."""
        with suppress(BlockingIOError):
            while data := os.read(self._stdout.fileno(), CHUNK):
                self._log += data
            return False
        return True

    def _memory_mb(self) -> float:
        """Read the process's peak resident memory; 0 where there is no /proc."""
        with suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return round(int(line.split()[1]) / 1024, 1)
        return 0.0

    def _ending(self) -> str:
        code = self._process.returncode
        return signal.Signals(-code).name if code < 0 else f"code {code}"

    def _answer(
        self, answer: Mapping[str, Any], duration_ms: float, memory_mb: float = 0.0
    ) -> Answer:
        lines = bytes(self._log).decode("utf-8", "replace").split("\n")
        self._log.clear()
        if not lines[-1]:
            lines.pop()
        status = answer["status"]
        return Answer(
            status=status,
            result=json.loads(answer["result"]) if "result" in answer else None,
            error_type=answer.get("type", ""),
            error_message=answer.get("message", ""),
            stack_trace=answer.get("trace", ""),
            logs=[cut(line) for line in lines],
            duration_ms=duration_ms,
            memory_mb=memory_mb,
        )


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
