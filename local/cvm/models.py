"""What CVM holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

ACCOUNT = "100000000001"


@dataclass
class Image:
    """A machine image; sizes in GiB."""

    image_id: str
    created_time: datetime
    image_name: str = ""
    image_description: str = ""
    image_family: str = ""
    image_state: str = "NORMAL"
    image_deprecated: bool = False
    image_type: str = "PRIVATE_IMAGE"
    image_source: str = "CREATE_IMAGE"
    image_creator: str = ACCOUNT
    image_size: int = 20
    architecture: str = "x86_64"
    os_name: str = "TencentOS Server 4 for x86_64"
    platform: str = "TencentOS"
    license_type: str = "TencentCloud"
    is_support_cloudinit: bool = True
    sync_percent: int = 100
    tags: dict[str, str] = field(default_factory=dict)
    dedicated_cluster_id: str = ""
    cdc_cache_status: str = ""

    @property
    def usable(self) -> bool:
        return self.image_state == "NORMAL"


@dataclass
class Instance:
    """A machine, with what CVM and what Auto Scaling know of it."""

    instance_id: str
    image_id: str
    created_time: datetime
    auto_scaling_group_id: str = ""
    launch_configuration_id: str = ""
    version_number: int = 1
    instance_name: str = ""
    instance_type: str = "S5.MEDIUM4"
    instance_state: str = "RUNNING"
    instance_charge_type: str = "POSTPAID_BY_HOUR"
    zone: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    private_ip_address: str = ""
    security_group_ids: list[str] = field(default_factory=list)
    project_id: int = 0
    cpu: int = 2
    memory: int = 4
    system_disk_type: str = "CLOUD_PREMIUM"
    system_disk_size: int = 50
    tags: dict[str, str] = field(default_factory=dict)
    latest_operation: str = "RunInstances"
    latest_operation_state: str = "SUCCESS"
    latest_operation_request_id: str = ""
    latest_operation_error_msg: str = ""
    life_cycle_state: str = "IN_SERVICE"
    standby: bool = False
    health_status: str = "HEALTHY"
    protected_from_scale_in: bool = False
    creation_type: str = "AUTO_CREATION"
    warmup_status: str = "NO_NEED_WARMUP"

    @property
    def in_service(self) -> bool:
        return self.life_cycle_state == "IN_SERVICE"

    def enter_standby(self, state: str) -> None:
        """Take the instance out of service, in the state that its group's standby is shown in."""
        self.standby, self.life_cycle_state = True, state

    def enter_service(self) -> None:
        """Take the instance into service."""
        self.standby, self.life_cycle_state = False, "IN_SERVICE"
