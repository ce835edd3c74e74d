locals {
  cos_trigger = {
    name = "${var.cos_bucket}.cos.${var.region}.myqcloud.com"
    desc = jsonencode({
      event  = "cos:ObjectCreated:*"
      filter = { Prefix = var.manifest_prefix, Suffix = var.manifest_suffix }
    })
  }
}

# Its name is the platform's.
resource "tencentcloud_scf_trigger" "http" {
  function_name = tencentcloud_scf_function.this["webhook"].name
  namespace     = local.namespace
  qualifier     = "$DEFAULT"
  type          = "http"
  enable        = "OPEN"
  trigger_desc = jsonencode({
    AuthType  = var.webhook_auth == "cam" ? "CAM" : "NONE"
    NetConfig = { EnableIntranet = false, EnableExtranet = true }
  })
}

resource "tencentcloud_scf_trigger" "status" {
  function_name = tencentcloud_scf_function.this["status"].name
  namespace     = local.namespace
  qualifier     = "$DEFAULT"
  type          = "http"
  enable        = "OPEN"
  trigger_desc = jsonencode({
    AuthType  = var.status_auth == "cam" ? "CAM" : "NONE"
    NetConfig = { EnableIntranet = false, EnableExtranet = true }
  })
}

# UpdateTrigger knows no COS triggers: whatever changes, the trigger is made anew.
resource "terraform_data" "cos_trigger" {
  input = [local.cos_trigger.name, local.cos_trigger.desc]
}

resource "tencentcloud_scf_trigger" "cos" {
  function_name = tencentcloud_scf_function.this["image_published"].name
  namespace     = local.namespace
  qualifier     = "$DEFAULT"
  type          = "cos"
  trigger_name  = local.cos_trigger.name
  enable        = "OPEN"
  trigger_desc  = local.cos_trigger.desc

  lifecycle {
    replace_triggered_by = [terraform_data.cos_trigger]
  }
}

resource "tencentcloud_scf_trigger" "timer" {
  function_name = tencentcloud_scf_function.this["schedule"].name
  namespace     = local.namespace
  qualifier     = "$DEFAULT"
  type          = "timer"
  trigger_name  = "reconcile"
  enable        = "OPEN"
  trigger_desc  = var.schedule_cron
}
