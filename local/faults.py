"""Faults that a test injects: into calls, and into the instances and images of a refresh."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Before the effect: the call does nothing.
BEFORE = frozenset(
    {
        "throttle",
        "internal_error",
        "http_500",
        "http_502",
        "cut_before",
        "error_without_request_id",
        "expired_token",
        "denied",
    }
)
# The call has its effect; what the caller sees of it is another matter.
AFTER = frozenset(
    {
        "delay",
        "slow_after",
        "http_500_after",
        "cut_after",
        "cut_within",
        "malformed_json",
        "empty_body",
        "wrong_content_type",
    }
)


@dataclass
class Fault:
    """One kind of fault, for the calls it takes; `action` may be `*`."""

    action: str
    kind: str
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0

    def takes(self, action: str) -> bool:
        """Count a call and tell whether the fault is for it."""
        if self.action not in ("*", action) or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class RandomFault:
    """One kind of fault that comes by chance; the same seed gives the same order."""

    kind: str
    probability: float
    actions: frozenset[str] | None
    chance: random.Random = field(repr=False)

    def takes(self, action: str) -> bool:
        """Draw for a call."""
        if self.actions is not None and action not in self.actions:
            return False
        return self.chance.random() < self.probability


class Faults:
    """All faults that are set; the one set first wins a call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._random: list[RandomFault] = []
        self._instances: Counter[str] = Counter()
        self._images: set[str] = set()
        self._unhealthy: set[str] = set()
        self.unknown_images_refused = False

    def inject(
        self,
        action: str,
        kind: str,
        *,
        times: int | None = 1,
        after: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """Let `times` calls fail (None: all), after `after` of them have gone through."""
        _known(kind)
        with self._lock:
            self._faults.append(Fault(action, kind, times, after, seconds))

    def rate(
        self, kind: str, probability: float, *, seed: int = 0, actions: Iterable[str] | None = None
    ) -> None:
        """Let calls fail by chance."""
        _known(kind)
        only = None if actions is None else frozenset(actions)
        with self._lock:
            self._random.append(RandomFault(kind, probability, only, random.Random(seed)))

    def take(self, action: str) -> Fault | None:
        """Give the fault that this call meets."""
        with self._lock:
            for fault in self._faults:
                if fault.takes(action):
                    return Fault(action, fault.kind, seconds=fault.seconds)
            for chance in self._random:
                if chance.takes(action):
                    return Fault(action, chance.kind)
        return None

    def fail_instance(self, instance_id: str, times: int = 1) -> None:
        """Let an instance's next reinstalls fail."""
        self._instances[instance_id] += times

    def fail_image(self, image_id: str) -> None:
        """Let every reinstall onto an image, and every launch from it, fail."""
        self._images.add(image_id)

    def fail_target_health(self, image_id: str) -> None:
        """Let the load balancer find every instance with this image unhealthy."""
        self._unhealthy.add(image_id)

    def refuse_unknown_images(self) -> None:
        """Let DescribeImages refuse an id of no image, which it otherwise leaves out."""
        self.unknown_images_refused = True

    def reinstall_fails(self, instance_id: str, image_id: str) -> bool:
        """Tell, once for each reinstall, whether it fails."""
        if self._instances[instance_id] > 0:
            self._instances[instance_id] -= 1
            return True
        return image_id in self._images

    def target_unhealthy(self, image_id: str) -> bool:
        """Tell whether instances with this image fail the load balancer's check."""
        return image_id in self._unhealthy

    def listed(self) -> list[dict[str, object]]:
        """Give the faults that are set and not used up."""
        with self._lock:
            found: list[dict[str, object]] = [
                {"Fault": f.kind, "On": f.action, "Times": f.times, "After": f.after}
                for f in self._faults
                if f.times != 0
            ]
            for kind, names in (
                ("image_fails", self._images),
                ("target_unhealthy", self._unhealthy),
            ):
                found += [{"Fault": kind, "On": name, "Times": None} for name in sorted(names)]
            found += [
                {"Fault": "instance_fails", "On": name, "Times": times}
                for name, times in self._instances.items()
                if times
            ]
            if self.unknown_images_refused:
                found.append({"Fault": "unknown_images_refused", "On": "DescribeImages"})
            return found

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._faults.clear()
            self._random.clear()
            self._instances.clear()
            self._images.clear()
            self._unhealthy.clear()
            self.unknown_images_refused = False


def _known(kind: str) -> None:
    if kind not in BEFORE | AFTER:
        message = f"{kind!r} is no fault; there are {', '.join(sorted(BEFORE | AFTER))}"
        raise ValueError(message)
