terraform {
  required_version = ">= 1.4"

  required_providers {
    tencentcloud = {
      source  = "tencentcloudstack/tencentcloud"
      version = ">= 1.83.16"
    }
  }
}

provider "tencentcloud" {
  region = "ap-guangzhou"
}

provider "tencentcloud" {
  alias  = "shanghai"
  region = "ap-shanghai"
}

variable "webhook_secret" {
  description = "The secret that calls are signed with."
  type        = string
  sensitive   = true
}

variable "status_secret" {
  description = "The secret that links to the status are signed with."
  type        = string
  sensitive   = true
}

module "guangzhou" {
  source = "../.."

  region         = "ap-guangzhou"
  cos_bucket     = "images-1250000000"
  webhook_secret = var.webhook_secret
  status_secret  = var.status_secret
}

# A region has its own functions and bucket; roles belong to the account, so these have their own names.
module "shanghai" {
  source    = "../.."
  providers = { tencentcloud = tencentcloud.shanghai }

  region         = "ap-shanghai"
  cos_bucket     = "images-shanghai-1250000000"
  webhook_secret = var.webhook_secret
  status_secret  = var.status_secret
  role_prefix    = "instance-refresh-shanghai"
}

output "function_urls" {
  description = "Where each region's webhook is called."
  value       = { ap-guangzhou = module.guangzhou.function_url, ap-shanghai = module.shanghai.function_url }
}
