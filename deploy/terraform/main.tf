locals {
  namespace    = "default"
  runtime      = "Python3.10"
  looked_after = length(var.regions) > 0 ? var.regions : [var.region]
  regions      = length(var.allowed_regions) > 0 ? var.allowed_regions : local.looked_after

  own      = "${path.module}/packages"
  packages = coalesce(var.packages, length(fileset(local.own, "*.zip")) > 0 ? local.own : "${path.module}/../../build/packages")
  # A zip's hash is in its name: the provider looks for a change of the path alone.
  zips = {
    for file in fileset(local.packages, "*.zip") : regex("^(.+)-[0-9a-f]{16}\\.zip$", file)[0] => "${local.packages}/${file}"
  }

  layers = {
    dependencies = {
      name        = "instance-refresh-dependencies"
      description = "Third party packages of the instance refresh functions"
    }
    instance_refresh = {
      name        = "instance-refresh"
      description = "The code that the instance refresh functions share"
    }
  }

  functions = {
    webhook = {
      description = "Starts the instance refreshes that are asked for over HTTP"
      timeout     = 30
      secrets     = ["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"]
      environment = {
        AS_ENDPOINT     = var.as_endpoint
        CVM_ENDPOINT    = var.cvm_endpoint
        LOG_LEVEL       = var.log_level
        IMAGE_CREATORS  = join(",", var.image_creators)
        ALLOWED_ACTIONS = join(",", var.allowed_actions)
        ALLOWED_GROUPS  = join(",", var.allowed_groups)
        ALLOWED_REGIONS = join(",", local.regions)
        MAX_GROUPS      = tostring(var.max_groups)
        WEBHOOK_AUTH    = var.webhook_auth
      }
    }
    image_published = {
      description = "Rolls a published image out to the scaling groups that follow it"
      timeout     = 300
      secrets     = []
      environment = {
        AS_ENDPOINT      = var.as_endpoint
        CVM_ENDPOINT     = var.cvm_endpoint
        LOG_LEVEL        = var.log_level
        IMAGE_CREATORS   = join(",", var.image_creators)
        ALLOWED_GROUPS   = join(",", var.allowed_groups)
        ALLOWED_REGIONS  = join(",", local.regions)
        COS_ENDPOINT     = var.cos_endpoint
        MANIFEST_BUCKETS = var.cos_bucket
        MANIFEST_PREFIX  = var.manifest_prefix
        MANIFEST_SUFFIX  = var.manifest_suffix
        MODE             = var.mode
        MAX_REFRESHING   = tostring(var.max_refreshing)
        MAX_GROUPS       = tostring(var.max_groups)
      }
    }
    schedule = {
      description = "Watches the refreshes, and brings groups to the newest image of their family"
      timeout     = 300
      secrets     = ["NOTIFY", "STATUS_SECRET"]
      environment = {
        AS_ENDPOINT          = var.as_endpoint
        CVM_ENDPOINT         = var.cvm_endpoint
        LOG_LEVEL            = var.log_level
        IMAGE_CREATORS       = join(",", var.image_creators)
        ALLOWED_GROUPS       = join(",", var.allowed_groups)
        ALLOWED_REGIONS      = join(",", local.regions)
        REGIONS              = join(",", var.regions)
        MODE                 = var.mode
        MAX_REFRESHING       = tostring(var.max_refreshing)
        MAX_GROUPS           = tostring(var.max_groups)
        PAUSED_LIMIT         = var.paused_limit
        FAILED_LIMIT         = var.failed_limit
        STUCK_LIMIT          = var.stuck_limit
        UNDEPLOYED_LIMIT     = var.undeployed_limit
        PAUSED_ACTION        = var.paused_action
        PAUSED_ACTION_OTHERS = var.paused_action_others
        RESTORE              = var.restore
        REMIND_EVERY         = var.remind_every
        SCHEDULE_CRON        = var.schedule_cron
        NOTIFY_LEVEL         = var.notify_level
        NOTIFY_LANGUAGE      = var.notify_language
        STATUS_URL           = var.status_url
      }
    }
    status = {
      description = "Shows where every rollout stands and what it waits for, and changes nothing"
      timeout     = 60
      secrets     = ["STATUS_SECRET"]
      environment = {
        AS_ENDPOINT          = var.as_endpoint
        CVM_ENDPOINT         = var.cvm_endpoint
        LOG_LEVEL            = var.log_level
        IMAGE_CREATORS       = join(",", var.image_creators)
        ALLOWED_GROUPS       = join(",", var.allowed_groups)
        ALLOWED_REGIONS      = join(",", local.regions)
        REGIONS              = join(",", var.regions)
        MAX_REFRESHING       = tostring(var.max_refreshing)
        PAUSED_LIMIT         = var.paused_limit
        FAILED_LIMIT         = var.failed_limit
        STUCK_LIMIT          = var.stuck_limit
        UNDEPLOYED_LIMIT     = var.undeployed_limit
        PAUSED_ACTION        = var.paused_action
        PAUSED_ACTION_OTHERS = var.paused_action_others
        RESTORE              = var.restore
        MODE                 = var.mode
        SCHEDULE_CRON        = var.schedule_cron
        STATUS_AUTH          = var.status_auth
      }
    }
  }

  secrets = {
    WEBHOOK_SECRET          = var.webhook_secret
    WEBHOOK_SECRET_PREVIOUS = var.webhook_secret_previous
    STATUS_SECRET           = var.status_secret
    NOTIFY                  = join(",", var.notify)
  }
  # Which are given is no secret, and a plan shows the other settings only if it isn't one.
  given_secrets = [for name, secret in local.secrets : name if nonsensitive(secret != "")]
}

# The provider changes nothing of a layer in place: whatever changes, it is a new version.
resource "terraform_data" "layer" {
  for_each = local.layers

  input = [each.value.name, each.value.description, local.runtime, try(basename(local.zips[each.key]), "")]
}

resource "tencentcloud_scf_layer" "this" {
  for_each = local.layers

  layer_name          = each.value.name
  description         = each.value.description
  compatible_runtimes = [local.runtime]

  content {
    zip_file = try(local.zips[each.key], "")
  }

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.layer[each.key]]

    precondition {
      condition     = contains(keys(local.zips), each.key)
      error_message = "There is no zip of ${each.key} in ${local.packages}: run make build, or let packages name where a release is unpacked."
    }
  }
}

resource "tencentcloud_scf_function" "this" {
  for_each = local.functions

  name              = "refresh-${var.stage}-instance-refresh-${each.key}"
  namespace         = local.namespace
  description       = each.value.description
  handler           = "index.main_handler"
  runtime           = local.runtime
  func_type         = "Event"
  mem_size          = 128 # holds 50,000 instances
  timeout           = each.value.timeout
  role              = local.roles[each.key]
  zip_file          = try(local.zips[each.key], "")
  enable_public_net = true

  # A setting whose value is empty is left out.
  environment = merge(
    { for name, value in each.value.environment : name => value if value != "" },
    { for name in each.value.secrets : name => local.secrets[name] if contains(local.given_secrets, name) },
  )

  layers {
    layer_name    = tencentcloud_scf_layer.this["dependencies"].layer_name
    layer_version = tencentcloud_scf_layer.this["dependencies"].layer_version
  }

  layers {
    layer_name    = tencentcloud_scf_layer.this["instance_refresh"].layer_name
    layer_version = tencentcloud_scf_layer.this["instance_refresh"].layer_version
  }

  lifecycle {
    precondition {
      condition     = contains(keys(local.zips), each.key)
      error_message = "There is no zip of ${each.key} in ${local.packages}: run make build, or let packages name where a release is unpacked."
    }
    precondition {
      condition     = var.webhook_auth == "cam" || contains(local.given_secrets, "WEBHOOK_SECRET")
      error_message = "A webhook_secret is needed, or webhook_auth = \"cam\"."
    }
    precondition {
      condition     = var.status_auth == "cam" || contains(local.given_secrets, "STATUS_SECRET")
      error_message = "A status_secret is needed, or status_auth = \"cam\"."
    }
  }

  # A function can only be called once its role may do what it does.
  depends_on = [tencentcloud_cam_role_policy_attachment_by_name.this]
}
