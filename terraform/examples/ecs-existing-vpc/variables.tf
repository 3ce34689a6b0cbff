variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "name" {
  description = "Name of the application, and prefix of every name."
  type        = string
  default     = "storefront"
}

variable "repository" {
  description = "GitHub repository of the application, as owner/name."
  type        = string
}

variable "package" {
  description = "The hook's zip, built by `make package CHECKS=terraform/checks`, or with a folder of your own: the check files in it judge every release that brings none."
  type        = string
  default     = "../../../target/lambda/bootstrap/bootstrap.zip"
}

variable "package_architecture" {
  description = "Processor of the zip: `x86_64`, or `arm64` for `make package ARCH=arm64`."
  type        = string
  default     = "x86_64"
}

variable "vpc_id" {
  description = "The VPC that is there."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in two zones or more."
  type        = list(string)
}

variable "tls" {
  description = "Domain name with a certificate or a Route 53 zone; null serves plain HTTP, which everybody on the way reads and changes."
  type = object({
    domain_name = string
    certificate = optional(object({ arn = string }))
    zone        = optional(object({ id = string }))
  })
  default = null
}

variable "production_cidrs" {
  description = "Who may reach the production listener."
  type        = set(string)
  default     = ["10.0.0.0/8"]
}
