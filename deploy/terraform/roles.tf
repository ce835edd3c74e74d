locals {
  groups = [
    for pair in setproduct(local.regions, var.auto_scaling_groups) : "qcs::as:${pair[0]}::auto-scaling-group/${pair[1]}"
  ]
  launch_configurations = [
    for pair in setproduct(local.regions, var.launch_configurations) : "qcs::as:${pair[0]}::launch-configuration/${pair[1]}"
  ]
  appid     = regex("[0-9]+$", var.cos_bucket)
  manifests = "qcs::cos:${var.region}:uid/${local.appid}:${var.cos_bucket}/${var.manifest_prefix}*"

  # A Describe call can't be limited to resources.
  reads = [
    "name/as:DescribeAutoScalingGroups",
    "name/as:DescribeAutoScalingInstances",
    "name/as:DescribeLaunchConfigurations",
    "name/as:DescribeRefreshActivities",
    "name/cvm:DescribeImageFromFamily",
    "name/cvm:DescribeImages",
    "name/cvm:DescribeInstances",
  ]
  steers = [
    "name/as:CancelInstanceRefresh",
    "name/as:ResumeInstanceRefresh",
    "name/as:RollbackInstanceRefresh",
    "name/as:StartInstanceRefresh",
    "name/as:StopInstanceRefresh",
  ]
  tags = ["name/sts:GetCallerIdentity", "name/tag:TagResources", "name/tag:UnTagResources"]

  # The most that each function may do.
  permissions = {
    webhook = [
      { action = local.reads, resource = ["*"] },
      { action = local.steers, resource = local.groups },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
      { action = local.tags, resource = ["*"] },
    ]
    image_published = [
      { action = local.reads, resource = ["*"] },
      { action = ["name/as:StartInstanceRefresh"], resource = local.groups },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
      { action = ["name/cos:GetObject"], resource = [local.manifests] },
    ]
    schedule = [
      { action = concat(["name/as:DescribeAutoScalingActivities"], local.reads), resource = ["*"] },
      { action = local.steers, resource = local.groups },
      { action = ["name/as:ModifyLaunchConfigurationAttributes"], resource = local.launch_configurations },
      { action = local.tags, resource = ["*"] },
    ]
    status = [
      { action = concat(["name/as:DescribeAutoScalingActivities"], local.reads), resource = ["*"] },
    ]
  }

  # What CAM is to allow, and the actions of a request that need it.
  steering = {
    "name/as:StartInstanceRefresh"    = ["StartInstanceRefresh"]
    "name/as:StopInstanceRefresh"     = ["StopInstanceRefresh"]
    "name/as:ResumeInstanceRefresh"   = ["ResumeInstanceRefresh"]
    "name/as:RollbackInstanceRefresh" = ["RollbackInstanceRefresh"]
    "name/as:CancelInstanceRefresh"   = ["CancelInstanceRefresh"]
    # After a rollback the launch configuration goes back, too.
    "name/as:ModifyLaunchConfigurationAttributes" = ["StartInstanceRefresh", "RollbackInstanceRefresh"]
  }
  tagging = {
    "name/sts:GetCallerIdentity" = ["Hold", "Release"] # a tag is written with the account's number
    "name/tag:TagResources"      = ["Hold"]
    "name/tag:UnTagResources"    = ["Release"]
  }
  # The schedule steers refreshes whatever requests may ask; it writes tags for requests alone.
  of_requests = {
    webhook  = merge(local.steering, local.tagging)
    schedule = local.tagging
  }
  unasked = {
    for name, needed_for in local.of_requests : name => [
      for permitted, actions in needed_for : permitted if length(setintersection(actions, var.allowed_actions)) == 0
    ]
  }

  # With mode = "observe" they write nothing, so their roles can't.
  observing = var.mode == "observe" ? ["image_published", "schedule"] : []
  narrowed = {
    for name, permissions in local.permissions : name => [
      for permission in permissions : merge(permission, {
        action = [
          for permitted in permission.action : permitted
          if !contains(lookup(local.unasked, name, []), permitted) && (!contains(local.observing, name) || can(regex(":(Describe|Get)", permitted)))
        ]
      })
    ]
  }

  policies = {
    for name, permissions in local.narrowed : name => jsonencode({
      version   = "2.0"
      statement = [for permission in permissions : merge({ effect = "allow" }, permission) if length(permission.action) > 0]
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
