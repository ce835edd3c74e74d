"""ModifyLaunchConfigurationAttributes: a partial update."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from local.autoscaling import errors, lookup
from local.identifiers import well_formed
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.autoscaling.models import LaunchConfiguration
    from local.region import Region

USER_DATA_BYTES = 16 * 1024

# Parameter -> field that it replaces.
FIELDS = {
    "InstanceTypes": "instance_types",
    "InstanceTypesCheckPolicy": "instance_types_check_policy",
    "LaunchConfigurationName": "launch_configuration_name",
    "UserData": "user_data",
    "SecurityGroupIds": "security_group_ids",
    "InternetAccessible": "internet_accessible",
    "InstanceChargeType": "instance_charge_type",
    "InstanceChargePrepaid": "instance_charge_prepaid",
    "InstanceMarketOptions": "instance_market_options",
    "DiskTypePolicy": "disk_type_policy",
    "DataDisks": "data_disks",
    "HostNameSettings": "host_name_settings",
    "InstanceNameSettings": "instance_name_settings",
    "EnhancedService": "enhanced_service",
    "CamRoleName": "cam_role_name",
    "HpcClusterId": "hpc_cluster_id",
    "IPv6InternetAccessible": "ipv6_internet_accessible",
    "DisasterRecoverGroupIds": "disaster_recover_group_ids",
    "LoginSettings": "login_settings",
    "InstanceTags": "instance_tags",
    "DedicatedClusterId": "dedicated_cluster_id",
    "Metadata": "metadata",
    "NetworkInterfaces": "network_interfaces",
}


def modify_launch_configuration_attributes(
    region: Region, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Answer ModifyLaunchConfigurationAttributes; nothing changes unless all is right."""
    source = lookup.launch_configuration(region, params)
    if "ImageId" in params and "ImageFamily" in params:
        raise errors.conflict("`ImageId` and `ImageFamily` exclude each other.")
    if "ImageId" in params:
        _check_image(region, params["ImageId"])
    if params.get("InstanceTypes") == []:
        raise Refused("InvalidParameterValue.TooShort", "`InstanceTypes` is empty.")
    _check_user_data(params.get("UserData", ""))
    _set_image(region, source, params)
    if "SystemDisk" in params:
        source.system_disk = {**source.system_disk, **params["SystemDisk"]}
    for parameter, field in FIELDS.items():
        if parameter in params:
            setattr(source, field, params[parameter])
    source.version_number += 1
    source.updated_time = region.now()
    return {}


def _check_image(region: Region, image_id: str) -> None:
    if not well_formed(image_id, "img"):
        raise Refused("InvalidParameterValue.InvalidImageId", f"`{image_id}` is no image id.")
    if image_id not in region.images:
        raise Refused("InvalidParameterValue.ImageNotFound", f"There is no image `{image_id}`.")


def _check_user_data(text: str) -> None:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        code = "InvalidParameterValue.UserDataFormatError"
        raise Refused(code, "`UserData` is not Base64.") from None
    if len(data) > USER_DATA_BYTES:
        code = "InvalidParameterValue.UserDataSizeExceeded"
        raise Refused(code, "`UserData` is larger than 16 KB.")


def _set_image(region: Region, source: LaunchConfiguration, params: Mapping[str, Any]) -> None:
    if "ImageId" in params:
        source.image_id, source.image_family = params["ImageId"], ""
    elif "ImageFamily" in params:
        newest = region.newest_of_family(params["ImageFamily"])
        if newest is None:
            code = "InvalidParameterValue.ImageNotFound"
            raise Refused(code, f"The family `{params['ImageFamily']}` has no usable image.")
        source.image_id, source.image_family = newest.image_id, params["ImageFamily"]
    else:
        return
    if source.launch_configuration_status == "IMAGE_ABNORMAL":
        source.launch_configuration_status = "NORMAL"
