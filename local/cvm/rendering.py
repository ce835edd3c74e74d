"""CVM's objects in the shape of its API."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from local.clock import iso

if TYPE_CHECKING:
    from local.cvm.models import Image, Instance


def image(item: Image) -> dict[str, Any]:
    """Render an `Image`."""
    own = item.image_type == "PRIVATE_IMAGE"
    snapshot = {
        "SnapshotId": item.image_id.replace("img", "snap"),
        "DiskUsage": "SYSTEM_DISK",
        "DiskSize": item.image_size,
    }
    return {
        "ImageId": item.image_id,
        "OsName": item.os_name,
        "ImageType": item.image_type,
        "CreatedTime": iso(item.created_time),
        "ImageName": item.image_name,
        "ImageDescription": item.image_description,
        "ImageSize": item.image_size,
        "Architecture": item.architecture,
        "ImageState": item.image_state,
        "Platform": item.platform,
        "ImageCreator": item.image_creator,
        "ImageSource": item.image_source,
        "SyncPercent": item.sync_percent,
        "IsSupportCloudinit": item.is_support_cloudinit,
        "SnapshotSet": [snapshot] if own else [],
        "Tags": tags(item.tags),
        "LicenseType": item.license_type,
        "ImageFamily": item.image_family,
        "ImageDeprecated": item.image_deprecated,
        "CdcCacheStatus": item.cdc_cache_status,
    }


def instance(item: Instance) -> dict[str, Any]:
    """Render an `Instance`."""
    return {
        "Placement": {
            "Zone": item.zone,
            "ProjectId": item.project_id,
            "HostIds": [],
            "HostId": "",
        },
        "InstanceId": item.instance_id,
        "InstanceType": item.instance_type,
        "CPU": item.cpu,
        "Memory": item.memory,
        "RestrictState": "NORMAL",
        "InstanceName": item.instance_name,
        "InstanceChargeType": item.instance_charge_type,
        "SystemDisk": {
            "DiskType": item.system_disk_type,
            "DiskId": item.instance_id.replace("ins", "disk"),
            "DiskSize": item.system_disk_size,
            "CdcId": "",
        },
        "DataDisks": [],
        **_network(item),
        "ImageId": item.image_id,
        "RenewFlag": None,
        "CreatedTime": iso(item.created_time),
        "ExpiredTime": None,
        "OsName": "TencentOS Server 4 for x86_64",
        "SecurityGroupIds": item.security_group_ids,
        "LoginSettings": {"KeyIds": []},
        "InstanceState": item.instance_state,
        "Tags": tags(item.tags),
        "StopChargingMode": "NOT_APPLICABLE",
        "Uuid": machine_uuid(item),
        **_operation(item),
        **_rest(),
    }


def _network(item: Instance) -> dict[str, Any]:
    return {
        "PrivateIpAddresses": [item.private_ip_address],
        "PublicIpAddresses": [],
        "InternetAccessible": {
            "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
            "InternetMaxBandwidthOut": 0,
            "PublicIpAssigned": False,
        },
        "VirtualPrivateCloud": {
            "VpcId": item.vpc_id,
            "SubnetId": item.subnet_id,
            "AsVpcGateway": False,
            "PrivateIpAddresses": [item.private_ip_address],
            "Ipv6AddressCount": 0,
        },
    }


def _operation(item: Instance) -> dict[str, Any]:
    return {
        "LatestOperation": item.latest_operation,
        "LatestOperationState": item.latest_operation_state,
        "LatestOperationRequestId": item.latest_operation_request_id,
        "LatestOperationErrorMsg": item.latest_operation_error_msg,
    }


def _rest() -> dict[str, Any]:
    """Give the fields that no instance of the stand-in has anything in."""
    return {
        "DisasterRecoverGroupId": "",
        "DisasterRecoverGroupIds": [],
        "IPv6Addresses": [],
        "CamRoleName": "",
        "HpcClusterId": "",
        "RdmaIpAddresses": [],
        "DedicatedClusterId": "",
        "IsolatedSource": "NOTISOLATED",
        "LicenseType": "TencentCloud",
        "DisableApiTermination": False,
        "DefaultLoginUser": "root",
        "DefaultLoginPort": 22,
    }


def machine_uuid(item: Instance) -> str:
    """Give an instance's UUID, always the same for the same id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, item.instance_id))


def tags(pairs: dict[str, str]) -> list[dict[str, str]]:
    """Render tags."""
    return [{"Key": key, "Value": value} for key, value in pairs.items()]
