variable "region" {
  description = "The region of the bucket, the groups and the functions, such as ap-guangzhou: the provider's own."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z0-9]+)+$", var.region))
    error_message = "A region such as ap-guangzhou is needed."
  }
}

variable "cos_bucket" {
  description = "The bucket that the image pipeline writes its manifests to, such as images-1250000000."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*-[0-9]+$", var.cos_bucket))
    error_message = "A bucket with its APPID is needed: images-1250000000."
  }
}

variable "webhook_secret" {
  description = "The secret that calls are signed with, as this prints it: echo \"whsec_$(openssl rand -base64 32)\". Empty where webhook_auth is cam."
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(whsec_[A-Za-z0-9+/]{32,}={0,2})?$", var.webhook_secret))
    error_message = "What this prints is needed: echo \"whsec_$(openssl rand -base64 32)\"."
  }
}

variable "webhook_secret_previous" {
  description = "The secret before, while the callers change to the new one."
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(whsec_[A-Za-z0-9+/]{32,}={0,2})?$", var.webhook_secret_previous))
    error_message = "What webhook_secret was is needed, or nothing."
  }
}

variable "webhook_auth" {
  description = "How the webhook knows its callers: signature, or cam, by CAM on its URL."
  type        = string
  default     = "signature"

  validation {
    condition     = contains(["signature", "cam"], var.webhook_auth)
    error_message = "Either signature or cam is needed."
  }
}

variable "status_secret" {
  description = "The secret that links to the status are signed with, as this prints it: echo \"whsec_$(openssl rand -base64 32)\". Empty where status_auth is cam."
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(whsec_[A-Za-z0-9+/]{32,}={0,2})?$", var.status_secret))
    error_message = "What this prints is needed: echo \"whsec_$(openssl rand -base64 32)\"."
  }
}

variable "status_auth" {
  description = "How the status knows who may look: signature, or cam, by CAM on its URL."
  type        = string
  default     = "signature"

  validation {
    condition     = contains(["signature", "cam"], var.status_auth)
    error_message = "Either signature or cam is needed."
  }
}

variable "manifest_prefix" {
  description = "What the keys of manifests begin with."
  type        = string
  default     = "manifests/"

  validation {
    condition     = can(regex("^([^/].*)?$", var.manifest_prefix))
    error_message = "Keys begin without a slash: manifests/."
  }
}

variable "manifest_suffix" {
  description = "What the keys of manifests end with."
  type        = string
  default     = ".json"

  validation {
    condition     = var.manifest_suffix != ""
    error_message = "A suffix is needed, such as .json."
  }
}

variable "schedule_cron" {
  description = "When the schedule looks: seven fields, from seconds to year."
  type        = string
  default     = "0 */5 * * * * *"

  validation {
    condition     = can(regex("^(\\S+ ){6}\\S+$", var.schedule_cron))
    error_message = "Seven fields are needed, from seconds to year: 0 */5 * * * * *."
  }
}

variable "image_creators" {
  description = "Accounts whose shared images are allowed besides the account's own and the platform's; \"*\" is any."
  type        = list(string)
  default     = []

  validation {
    condition     = var.image_creators == tolist(["*"]) || alltrue([for id in var.image_creators : can(regex("^[A-Za-z0-9_]+$", id))])
    error_message = "Account ids are needed, or \"*\" alone."
  }
}

variable "allowed_actions" {
  description = "The actions that the webhook may be asked for; its role may do what they need."
  type        = list(string)
  default     = ["StartInstanceRefresh"]

  validation {
    condition = length(var.allowed_actions) > 0 && alltrue([
      for verb in var.allowed_actions : can(regex("^(((Start|Stop|Resume|Rollback|Cancel)InstanceRefresh)|Hold|Release)$", verb))
    ])
    error_message = "Actions of a request are needed, such as StartInstanceRefresh or Hold."
  }
}

variable "allowed_groups" {
  description = "The scaling groups that may be refreshed; none is any."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.allowed_groups : can(regex("^asg-[a-z0-9]+$", id))])
    error_message = "Ids such as asg-9dn1a5y6 are needed."
  }
}

variable "allowed_regions" {
  description = "The regions that functions and roles serve; none is those of regions."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.allowed_regions : can(regex("^[a-z]{2,4}(-[a-z0-9]+)+$", name))])
    error_message = "Regions such as ap-guangzhou are needed."
  }
}

variable "regions" {
  description = "The regions that the schedule looks after and the status shows; none is region alone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.regions : can(regex("^[a-z]{2,4}(-[a-z0-9]+)+$", name))])
    error_message = "Regions such as ap-guangzhou are needed."
  }
}

variable "auto_scaling_groups" {
  description = "The scaling groups that the roles may refresh; \"*\" is all of the account's."
  type        = list(string)
  default     = ["*"]

  validation {
    condition     = var.auto_scaling_groups == tolist(["*"]) || (length(var.auto_scaling_groups) > 0 && alltrue([for id in var.auto_scaling_groups : can(regex("^asg-[a-z0-9]+$", id))]))
    error_message = "Ids such as asg-9dn1a5y6 are needed, or \"*\" alone."
  }
}

variable "launch_configurations" {
  description = "The launch configurations that the roles may change; \"*\" is all of the account's."
  type        = list(string)
  default     = ["*"]

  validation {
    condition     = var.launch_configurations == tolist(["*"]) || (length(var.launch_configurations) > 0 && alltrue([for id in var.launch_configurations : can(regex("^asc-[a-z0-9]+$", id))]))
    error_message = "Ids such as asc-9dn1a5y6 are needed, or \"*\" alone."
  }
}

variable "as_endpoint" {
  description = "Auto Scaling; accounts of the international site have https://as.intl.tencentcloudapi.com."
  type        = string
  default     = "https://as.tencentcloudapi.com"

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?/?$", var.as_endpoint))
    error_message = "An https:// endpoint is needed."
  }
}

variable "cvm_endpoint" {
  description = "CVM; accounts of the international site have https://cvm.intl.tencentcloudapi.com."
  type        = string
  default     = "https://cvm.tencentcloudapi.com"

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?/?$", var.cvm_endpoint))
    error_message = "An https:// endpoint is needed."
  }
}

variable "cos_endpoint" {
  description = "Where the bucket is read; empty is the bucket's own address."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(https://[A-Za-z0-9.-]+(:[0-9]+)?/?)?$", var.cos_endpoint))
    error_message = "An https:// endpoint is needed, or nothing."
  }
}

variable "mode" {
  description = "What schedule and manifests do: act, or observe, which says what it would do, and writes nothing."
  type        = string
  default     = "act"

  validation {
    condition     = contains(["act", "observe"], var.mode)
    error_message = "One of act and observe is needed."
  }
}

variable "log_level" {
  description = "The lowest log level that is written."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "One of DEBUG, INFO, WARNING and ERROR is needed."
  }
}

variable "max_refreshing" {
  description = "How many groups that follow a family refresh at the same time."
  type        = number
  default     = 5

  validation {
    condition     = var.max_refreshing >= 0 && var.max_refreshing <= 9999 && floor(var.max_refreshing) == var.max_refreshing
    error_message = "A whole number from 0 to 9999 is needed."
  }
}

variable "max_groups" {
  description = "How many groups the Tags of a request start, where it has no MaxGroups."
  type        = number
  default     = 10

  validation {
    condition     = var.max_groups >= 1 && var.max_groups <= 1000 && floor(var.max_groups) == var.max_groups
    error_message = "A whole number from 1 to 1000 is needed."
  }
}

variable "paused_limit" {
  description = "How long a pause may last, such as 90m, 2h or 1d."
  type        = string
  default     = "2h"

  validation {
    condition     = can(regex("^[0-9]{1,6}[smhd]$", var.paused_limit))
    error_message = "A time such as 90m, 2h or 1d is needed."
  }
}

variable "failed_limit" {
  description = "How long a pause after a failure may last, such as 15m."
  type        = string
  default     = "15m"

  validation {
    condition     = can(regex("^[0-9]{1,6}[smhd]$", var.failed_limit))
    error_message = "A time such as 90m, 2h or 1d is needed."
  }
}

variable "stuck_limit" {
  description = "How long an activity may run without progress, such as 1h."
  type        = string
  default     = "1h"

  validation {
    condition     = can(regex("^[0-9]{1,6}[smhd]$", var.stuck_limit))
    error_message = "A time such as 90m, 2h or 1d is needed."
  }
}

variable "undeployed_limit" {
  description = "How long an image may be out before a waiting group is reported, such as 1d."
  type        = string
  default     = "1d"

  validation {
    condition     = can(regex("^[0-9]{1,6}[smhd]$", var.undeployed_limit))
    error_message = "A time such as 90m, 2h or 1d is needed."
  }
}

variable "paused_action" {
  description = "What is done to a pause beyond its limit: alert, retry, continue, rollback or cancel."
  type        = string
  default     = "alert"

  validation {
    condition     = contains(["alert", "retry", "continue", "rollback", "cancel"], var.paused_action)
    error_message = "One of alert, retry, continue, rollback and cancel is needed."
  }
}

variable "paused_action_others" {
  description = "The same for the groups that follow no family."
  type        = string
  default     = "alert"

  validation {
    condition     = contains(["alert", "retry", "continue", "rollback", "cancel"], var.paused_action_others)
    error_message = "One of alert, retry, continue, rollback and cancel is needed."
  }
}

variable "restore" {
  description = "Whose launch configurations are set back where they name an image that failed: all, followers or off."
  type        = string
  default     = "all"

  validation {
    condition     = contains(["all", "followers", "off"], var.restore)
    error_message = "One of all, followers and off is needed."
  }
}

variable "remind_every" {
  description = "How often what needs someone is said again, such as 4h."
  type        = string
  default     = "4h"

  validation {
    condition     = can(regex("^[0-9]{1,6}[smhd]$", var.remind_every))
    error_message = "A time such as 90m, 2h or 1d is needed."
  }
}

variable "notify" {
  description = "The URLs of the robots and endpoints that messages go to; who has one can write to the chat."
  type        = list(string)
  default     = []
  sensitive   = true

  validation {
    condition     = alltrue([for url in var.notify : can(regex("^([a-z]+\\+)?https://[^\\s,]+$", url))])
    error_message = "Addresses with https:// are needed."
  }
}

variable "notify_level" {
  description = "The least that is sent."
  type        = string
  default     = "WARNING"

  validation {
    condition     = contains(["INFO", "WARNING", "ERROR"], var.notify_level)
    error_message = "One of INFO, WARNING and ERROR is needed."
  }
}

variable "notify_language" {
  description = "The language of messages."
  type        = string
  default     = "en"

  validation {
    condition     = contains(["en", "zh"], var.notify_language)
    error_message = "One of en and zh is needed."
  }
}

variable "status_url" {
  description = "The status function's URL, which outputs name: messages then have a link to the status. Empty: no link."
  type        = string
  default     = ""

  validation {
    condition     = var.status_url == "" || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?/?$", var.status_url))
    error_message = "An https:// address, or an empty text, is needed."
  }
}

variable "stage" {
  description = "What tells two deployments in one region apart, in the functions' names."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.stage))
    error_message = "Up to 16 small letters and digits are needed."
  }
}

variable "role_prefix" {
  description = "What the names of the roles and policies begin with. They belong to the whole account: each deployment needs its own."
  type        = string
  default     = "instance-refresh"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]*$", var.role_prefix))
    error_message = "A letter is needed, then letters, digits, - and _."
  }
}

variable "create_roles" {
  description = "false leaves the roles, named <role_prefix>-<function>, to others; the output policies is what they need."
  type        = bool
  default     = true
}

variable "packages" {
  description = "The folder of the zips, each with its hash in its name. By default the module's own packages/, as a release has it, else build/packages of the repository, as make build makes it."
  type        = string
  default     = null
}
