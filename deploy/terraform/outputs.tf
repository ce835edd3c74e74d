output "function_url" {
  description = "Where the webhook is called."
  value       = jsondecode(tencentcloud_scf_trigger.http.trigger_attribute).NetConfig.ExtranetUrl
}

output "status_url" {
  description = "Where the status is looked at."
  value       = jsondecode(tencentcloud_scf_trigger.status.trigger_attribute).NetConfig.ExtranetUrl
}

output "functions" {
  description = "The functions' names."
  value       = { for key, function in tencentcloud_scf_function.this : key => function.name }
}

output "layers" {
  description = "The layers' names, with the version that the functions use."
  value       = { for key, layer in tencentcloud_scf_layer.this : layer.layer_name => layer.layer_version }
}

output "roles" {
  description = "The names of the functions' roles."
  value       = local.roles
}

output "policies" {
  description = "What each role may do, as CAM takes it."
  value       = local.policies
}
