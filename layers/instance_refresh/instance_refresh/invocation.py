"""One invocation: its identity, its deadline, and what it logs and gives back."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .clock import Deadline
from .errors import InstanceRefreshError, InvalidSetting
from .logs import logger, prepare
from .settings import Settings, settings

if TYPE_CHECKING:
    from types import TracebackType

    from .model.outcome import Outcome


class TryAgain(Exception):
    """Raised to SCF, which delivers an asynchronous event again when its function raises."""


class Invocation:
    """Used as a context; writes one line an outcome, and the summary line at its end."""

    def __init__(self, trigger: str, context: dict[str, Any]) -> None:
        self._started = time.monotonic()
        self.trigger = trigger
        self.request_id = str(context.get("request_id") or "")
        self.function = str(context.get("function_name") or "")
        self.region = os.environ.get("TENCENTCLOUD_REGION") or str(
            context.get("tencentcloud_region") or ""
        )
        self.deadline = Deadline(float(context.get("time_limit_in_ms") or 30000))
        self.outcomes: list[Outcome] = []
        self.errors: list[tuple[InstanceRefreshError, str]] = []
        self.notes: list[dict[str, str]] = []
        self.states: dict[str, int] = {}
        self.families: dict[str, dict[str, Any]] = {}
        self._turned_away = 0
        self._retryable: list[str] = []

    def __enter__(self) -> Invocation:  # noqa: PYI034 — Self needs typing_extensions on 3.10
        prepare()
        wrong: tuple[str, ...] = ()
        with suppress(InvalidSetting):  # told where the settings are needed
            logger().setLevel(self.settings.log_level)
            wrong = self.settings.wrong
        logger().clear_state()
        logger().append_keys(
            request_id=self.request_id, function=self.function, trigger=self.trigger, location=None
        )
        if wrong and self.trigger != "timer":  # a timer's are told once an hour
            self.tell_wrong_settings()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        unknown = isinstance(error, Exception) and not isinstance(error, TryAgain)
        if error is not None and unknown:
            self.crashed(error)
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            counts[outcome.outcome] = counts.get(outcome.outcome, 0) + 1
        if self.trigger == "timer":
            logger().setLevel("INFO")  # a heartbeat, whatever else is logged
        logger().info(
            "summary",
            outcomes=counts,
            states=self.states or None,
            families=self.families or None,
            errors=len(self.errors),
            turned_away=self._turned_away or None,
            will_be_retried=isinstance(error, Exception),
            duration_ms=round((time.monotonic() - self._started) * 1000),
        )
        if unknown:  # SCF logs what is raised, and the text of this error may quote what came in
            message = "the function met an error that it does not know"
            raise TryAgain(message) from None

    @cached_property
    def settings(self) -> Settings:
        return settings(os.environ)

    def keep(
        self,
        outcomes: tuple[Outcome, ...],
        *,
        told: tuple[Outcome, ...] | None = None,
        tried_again: bool = False,
    ) -> None:
        """Keep outcomes, and log those that are told (all), a line each.

        Those that another try can mend are kept for it.
        """
        for outcome in outcomes if told is None else told:
            fields: dict[str, Any] = {
                "outcome": outcome.outcome,
                "group": outcome.group or None,
                "group_name": outcome.group_name or None,
                "region": outcome.region or None,
                "image": outcome.image or None,
                "activity": outcome.activity or None,
                "code": outcome.code or None,
                "family": outcome.family or None,
                "since": f"{outcome.since:%Y-%m-%dT%H:%M:%SZ}" if outcome.since else None,
                "remedy": outcome.remedy or None,
                "api_request_id": outcome.request_id or None,
                "retryable": outcome.retryable or None,
                "notes": list(outcome.notes) or None,
                "duration_ms": round((time.monotonic() - self._started) * 1000),
            }
            {"ERROR": logger().error, "WARNING": logger().warning, "INFO": logger().info}[
                outcome.level
            ](outcome.reason, **fields)
        self.outcomes += outcomes
        if tried_again:
            self._retryable += [outcome.group for outcome in outcomes if outcome.retryable]

    def count(self, states: dict[str, int]) -> None:
        """Add a region's counts of its groups to those of the others."""
        for state, count in states.items():
            self.states[state] = self.states.get(state, 0) + count

    def tell_wrong_settings(self) -> None:
        """Log and keep the settings that are wrong, and that the function does its job without."""
        for text in self.settings.wrong:
            name, _, why = text.partition(" ")
            self.fail(InvalidSetting(name, why))

    def warn(self, code: str, reason: str) -> None:
        """Log what went wrong beside the work, and didn't stop it."""
        logger().warning(reason, code=code)

    def note(self, code: str, reason: str, about: str = "") -> None:
        """Log and keep what needs no one to act; `about` names an object of COS."""
        self.notes.append({"Code": code, "Reason": reason, **({"Object": about} if about else {})})
        logger().info(reason, code=code, object=about or None)

    def turn_away(self, error: InstanceRefreshError) -> InstanceRefreshError:
        """Log and count a call that is not served: a stranger's must raise no alarm."""
        self._turned_away += 1
        logger().info(str(error), code=error.code)
        return error

    def fail(
        self,
        error: InstanceRefreshError,
        about: str = "",
        *,
        region: str = "",
        tried_again: bool = True,
    ) -> None:
        """Log and keep an error that belongs to no group; `about` names an object of COS.

        Unless it is not to be `tried_again`, the same event may mend one that is retryable.
        """
        self.errors.append((error, about))
        if tried_again and error.retryable:
            self._retryable.append(error.code)
        logger().error(
            str(error),
            code=error.code,
            remedy=error.remedy,
            retryable=error.retryable,
            api_request_id=getattr(error, "request_id", None),
            object=about or None,
            region=region or None,
        )

    def crashed(self, error: BaseException) -> InstanceRefreshError:
        """Log what should never happen: where, and of which type, as its text may quote input."""
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        where = f"{last.tb_frame.f_code.co_name}:{last.tb_lineno}" if last else ""
        mine = InstanceRefreshError("the function met an error that it does not know")
        self.errors.append((mine, ""))
        logger().error(str(mine), code=mine.code, error_type=type(error).__name__, where=where)
        return mine

    def raise_if_retryable(self) -> None:
        """Raise TryAgain if another try of the same event can mend something."""
        if self._retryable:
            names = self._retryable
            more = f", and {len(names) - 20} more" if len(names) > 20 else ""
            message = f"not done yet, another try can mend it: {', '.join(names[:20])}{more}"
            raise TryAgain(message)

    def result(self) -> dict[str, Any]:
        """Give what an asynchronous function returns, which SCF logs."""
        return {
            "RequestId": self.request_id,
            "Outcomes": [outcome.document() for outcome in self.outcomes],
            "Errors": [
                {
                    "Code": error.code,
                    "Reason": str(error),
                    "Remedy": error.remedy,
                    **({"Object": about} if about else {}),
                }
                for error, about in self.errors
            ],
            "Notes": self.notes,
            **({"States": self.states} if self.states else {}),
            **({"Families": self.families} if self.families else {}),
        }
