"""How long things take in the simulated cloud."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Timing:
    """Durations in simulated seconds; to be changed before or while a cloud runs."""

    init_seconds: float = 5.0  # a refresh activity is INIT
    batch_init_seconds: float = 2.0  # a batch is INIT
    reinstall_seconds: float = 60.0
    launch_seconds: float = 60.0
    terminate_seconds: float = 10.0
    health_check_seconds: float = 10.0  # until a target of a load balancer is found healthy

    def faster(self, speed: float) -> Timing:
        """Give the same durations, `speed` times as short."""
        return Timing(**{name: seconds / speed for name, seconds in vars(self).items()})
