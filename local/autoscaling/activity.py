"""A refresh activity: its batches and their instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

PAUSED = frozenset({"FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE"})
LIVE = PAUSED | {"INIT", "RUNNING"}
REPLACE = "ROLLING_UPDATE_REPLACE"
RESET = "ROLLING_UPDATE_RESET"


@dataclass
class RefreshInstance:
    """An instance of a batch; `to_image` is set in rollbacks only."""

    instance_id: str
    from_image: str
    to_image: str | None = None
    instance_status: str = "WAITING"
    instance_status_message: str = ""
    last_activity_id: str = ""


@dataclass
class RefreshBatch:
    """A batch, numbered from 1."""

    refresh_batch_num: int
    instances: list[RefreshInstance]
    refresh_batch_status: str = "WAITING"
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass
class RefreshActivity:
    """A refresh of one group; `refresh_settings` are as they were sent."""

    refresh_activity_id: str
    auto_scaling_group_id: str
    refresh_settings: dict[str, Any]
    created_time: datetime
    batches: list[RefreshBatch]
    refresh_mode: str = RESET
    activity_type: str = "NORMAL"
    origin_refresh_activity_id: str = ""
    status: str = "INIT"
    current_refresh_batch_num: int = 0
    start_time: datetime | None = None
    end_time: datetime | None = None
    stop_requested: bool = False
    enabled_before: str = "ENABLED"
    surge: str = "NONE"  # NONE, LAUNCHING, FAILED, READY, REMOVING
    surge_instance_ids: list[str] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def paused(self) -> bool:
        return self.status in PAUSED

    @property
    def rolling(self) -> dict[str, Any]:
        """Give the RollingUpdateSettings."""
        settings: dict[str, Any] = self.refresh_settings["RollingUpdateSettings"]
        return settings

    @property
    def batch_pause(self) -> str:
        return str(self.rolling.get("BatchPause", "AUTOMATIC"))

    @property
    def fail_process(self) -> str:
        return str(self.rolling.get("FailProcess", "AUTO_PAUSE"))

    @property
    def max_surge(self) -> int:
        return int(self.rolling.get("MaxSurge", 0))

    @property
    def checks_health(self) -> bool:
        return bool(self.refresh_settings.get("CheckInstanceTargetHealth", False))

    @property
    def health_timeout(self) -> int:
        """Give how long an instance may take to be found healthy, in seconds."""
        return int(self.refresh_settings.get("CheckInstanceTargetHealthTimeout", 1800))

    def instances(self) -> Iterator[RefreshInstance]:
        """Walk through all instances, batch by batch."""
        for batch in self.batches:
            yield from batch.instances

    def next_batch(self) -> RefreshBatch | None:
        """Give the first batch that is still waiting."""
        return next((b for b in self.batches if b.refresh_batch_status == "WAITING"), None)

    def current_batch(self) -> RefreshBatch | None:
        """Give the batch that runs or ran last."""
        at = self.current_refresh_batch_num
        return self.batches[at - 1] if at else None


def split(instances: list[RefreshInstance], batches: int) -> list[RefreshBatch]:
    """Divide instances into batches that are as even as can be, the larger ones first."""
    size, larger = divmod(len(instances), batches)
    made, start = [], 0
    for number in range(1, batches + 1):
        end = start + size + (number <= larger)
        made.append(RefreshBatch(number, instances[start:end]))
        start = end
    return made
