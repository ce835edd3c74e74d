# The keys come from TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_SECURITY_TOKEN.

variable "region" {
  type        = string
  description = "Where the image is made: the region of the groups that run it."
}

variable "zone" {
  type        = string
  description = "Where the machine that becomes the image runs, such as ap-guangzhou-6."
}

variable "source_image_id" {
  type        = string
  description = "The image that this one begins from."
}

variable "git_sha" {
  type        = string
  description = "The commit that the image is made from; it stands in the manifest."
}

locals {
  made = formatdate("YYYYMMDDhhmmss", timestamp())
}

source "tencentcloud-cvm" "web" {
  region                      = var.region
  zone                        = var.zone
  instance_type               = "S5.MEDIUM2"
  source_image_id             = var.source_image_id
  image_name                  = "web-${local.made}"
  ssh_username                = "ubuntu"
  associate_public_ip_address = true
}

build {
  name    = "web"
  sources = ["source.tencentcloud-cvm.web"]

  provisioner "shell" {
    inline = [
      "sudo apt-get update",
      "sudo apt-get install --yes nginx",
    ]
  }

  # What starts the rollout, once publish.py has uploaded it.
  post-processor "manifest" {
    output     = "manifest.json"
    strip_path = true
    custom_data = {
      git_sha = var.git_sha
    }
  }
}
