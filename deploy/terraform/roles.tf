locals {
  groups = [
    for pair in setproduct(local.regions, var.auto_scaling_groups) : "qcs::as:${pair[0]}::auto-scaling-group/${pair[1]}"
  ]
  launch_configurations = [
    for pair in setproduct(local.regions, var.launch_configurations) : "qcs::as:${pair[0]}::launch-configuration/${pair[1]}"
  ]
  appid     = regex("[0-9]+$", var.cos_bucket)
  manifests = "qcs::cos:${var.region}:uid/${local.appid}:${var.cos_bucket}/${var.manifest_prefix}*"

  # What each function may do with every action allowed; a Describe call can't be limited to resources.
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
      {
        action = [
          "name/as:CancelInstanceRefresh",
          "name/as:ResumeInstanceRefresh",
          "name/as:RollbackInstanceRefresh",
          "name/as:StartInstanceRefresh",
          "name/as:StopInstanceRefresh",
        ]
        resource = local.groups
      },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
      {
        action = [
          "name/sts:GetCallerIdentity",
          "name/tag:TagResources",
          "name/tag:UnTagResources",
        ]
        resource = ["*"]
      },
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
          "name/as:StopInstanceRefresh",
        ]
        resource = local.groups
      },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
      {
        action = [
          "name/sts:GetCallerIdentity",
          "name/tag:TagResources",
          "name/tag:UnTagResources",
        ]
        resource = ["*"]
      },
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

  # What CAM is to allow, with the actions of a request that need it.
  needed_for = {
    "name/as:StartInstanceRefresh"    = ["StartInstanceRefresh"]
    "name/as:StopInstanceRefresh"     = ["StopInstanceRefresh"]
    "name/as:ResumeInstanceRefresh"   = ["ResumeInstanceRefresh"]
    "name/as:RollbackInstanceRefresh" = ["RollbackInstanceRefresh"]
    "name/as:CancelInstanceRefresh"   = ["CancelInstanceRefresh"]
    # After a rollback the launch configuration goes back, too.
    "name/as:ModifyLaunchConfigurationAttributes" = ["StartInstanceRefresh", "RollbackInstanceRefresh"]
    "name/sts:GetCallerIdentity"                  = ["Hold", "Release"] # a tag is written with the account's number
    "name/tag:TagResources"                       = ["Hold"]
    "name/tag:UnTagResources"                     = ["Release"]
  }
  # The schedule steers refreshes whatever requests may ask; it writes tags for requests alone.
  of_requests = {
    webhook         = keys(local.needed_for)
    image_published = []
    schedule        = ["name/sts:GetCallerIdentity", "name/tag:TagResources", "name/tag:UnTagResources"]
    status          = []
  }
  # With mode = "observe" they write nothing, so their roles can't.
  observing = var.mode == "observe" ? ["image_published", "schedule"] : []
  allowed = {
    for name, permissions in local.permissions : name => [
      for permission in permissions : {
        resource = permission.resource
        action = [
          for action in permission.action : action
          if !contains(local.of_requests[name], action) || anytrue([
            for verb in lookup(local.needed_for, action, []) : contains(var.allowed_actions, verb)
          ])
        ]
      }
    ]
  }
  left = {
    for name, permissions in local.allowed : name => [
      for permission in permissions : {
        resource = permission.resource
        action = [
          for action in permission.action : action
          if !contains(local.observing, name) || can(regex(":(Describe|Get)", action))
        ]
      }
    ]
  }

  policies = {
    for name, permissions in local.left : name => jsonencode({
      version = "2.0"
      statement = [
        for permission in permissions : merge({ effect = "allow" }, permission) if length(permission.action) > 0
      ]
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
