packer {
  required_version = ">= 1.7.0"

  required_plugins {
    tencentcloud = {
      source  = "github.com/hashicorp/tencentcloud"
      version = "~> 1.2"
    }
  }
}
