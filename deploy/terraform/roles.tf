locals {
  groups = [
    for pair in setproduct(local.regions, var.auto_scaling_groups) : "qcs::as:${pair[0]}::auto-scaling-group/${pair[1]}"
  ]
  launch_configurations = [
    for pair in setproduct(local.regions, var.launch_configurations) : "qcs::as:${pair[0]}::launch-configuration/${pair[1]}"
  ]
  appid     = regex("[0-9]+$", var.cos_bucket)
  manifests = "qcs::cos:${var.region}:uid/${local.appid}:${var.cos_bucket}/${var.manifest_prefix}*"

  # What each function may do; a Describe call can't be limited to resources.
  permissions = {
    webhook = [
      {
        action = [
          "name/as:DescribeAutoScalingGroups",
          "name/as:DescribeAutoScalingInstances",
          "name/as:DescribeLaunchConfigurations",
          "name/as:DescribeRefreshActivities",
          "name/cvm:DescribeImageFromFamily",
          "name/cvm:DescribeImages",
          "name/cvm:DescribeInstances",
        ]
        resource = ["*"]
      },
      { action = ["name/as:StartInstanceRefresh"], resource = local.groups },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
    ]
    image_published = [
      {
        action = [
          "name/as:DescribeAutoScalingGroups",
          "name/as:DescribeAutoScalingInstances",
          "name/as:DescribeLaunchConfigurations",
          "name/as:DescribeRefreshActivities",
          "name/cvm:DescribeImageFromFamily",
          "name/cvm:DescribeImages",
          "name/cvm:DescribeInstances",
        ]
        resource = ["*"]
      },
      { action = ["name/as:StartInstanceRefresh"], resource = local.groups },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
      { action = ["name/cos:GetObject"], resource = [local.manifests] },
    ]
    schedule = [
      {
        action = [
          "name/as:DescribeAutoScalingActivities",
          "name/as:DescribeAutoScalingGroups",
          "name/as:DescribeAutoScalingInstances",
          "name/as:DescribeLaunchConfigurations",
          "name/as:DescribeRefreshActivities",
          "name/cvm:DescribeImageFromFamily",
          "name/cvm:DescribeImages",
          "name/cvm:DescribeInstances",
        ]
        resource = ["*"]
      },
      {
        action = [
          "name/as:CancelInstanceRefresh",
          "name/as:ResumeInstanceRefresh",
          "name/as:RollbackInstanceRefresh",
          "name/as:StartInstanceRefresh",
        ]
        resource = local.groups
      },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
    ]
    status = [
      {
        action = [
          "name/as:DescribeAutoScalingActivities",
          "name/as:DescribeAutoScalingGroups",
          "name/as:DescribeAutoScalingInstances",
          "name/as:DescribeLaunchConfigurations",
          "name/as:DescribeRefreshActivities",
          "name/cvm:DescribeImageFromFamily",
          "name/cvm:DescribeImages",
          "name/cvm:DescribeInstances",
        ]
        resource = ["*"]
      },
    ]
  }

  policies = {
    for name, permissions in local.permissions : name => jsonencode({
      version   = "2.0"
      statement = [for permission in permissions : merge({ effect = "allow" }, permission)]
    })
  }
  trust = jsonencode({
    version = "2.0"
    statement = [{
      effect    = "allow"
      action    = ["name/sts:AssumeRole"]
      principal = { service = ["scf.qcloud.com"] }
    }]
  })

  roles         = { for name in keys(local.functions) : name => "${var.role_prefix}-${name}" }
  created_roles = var.create_roles ? local.roles : {}
}

resource "tencentcloud_cam_role" "this" {
  for_each = local.created_roles

  name     = each.value
  document = local.trust
}

resource "tencentcloud_cam_policy" "this" {
  for_each = local.created_roles

  name     = each.value
  document = local.policies[each.key]
}

resource "tencentcloud_cam_role_policy_attachment_by_name" "this" {
  for_each = local.created_roles

  role_name   = tencentcloud_cam_role.this[each.key].name
  policy_name = tencentcloud_cam_policy.this[each.key].name
}
