terraform {
  required_version = ">= 1.4" # terraform_data

  required_providers {
    tencentcloud = {
      source  = "tencentcloudstack/tencentcloud"
      version = ">= 1.83.16" # tencentcloud_scf_trigger
    }
  }
}
