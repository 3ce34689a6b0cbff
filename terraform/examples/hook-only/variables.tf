variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "name" {
  description = "Name of the gate."
  type        = string
  default     = "storefront"
}

variable "package" {
  description = "The hook's zip, built by `make package CHECKS=folder` with the check files of that folder."
  type        = string
  default     = "../../../target/lambda/bootstrap/bootstrap.zip"
}

variable "package_architecture" {
  description = "Processor of the zip: `x86_64`, or `arm64` for `make package ARCH=arm64`."
  type        = string
  default     = "x86_64"
}

variable "codedeploy_application" {
  description = "The CodeDeploy application that is there."
  type        = string
}

variable "codedeploy_deployment_group" {
  description = "Its deployment group, with a test listener."
  type        = string
}

variable "ecs_service_arn" {
  description = "The group's ECS service, which the gate looks at to know that green is under test."
  type        = string
}

variable "codedeploy_role_name" {
  description = "The deployment group's service role."
  type        = string
}

variable "target" {
  description = "Base URL of the test listener, with the name on its certificate."
  type        = string
}

variable "connect_to" {
  description = "The load balancer's own name, where the certificate carries another."
  type        = string
  default     = null
}

variable "cacert" {
  description = "File of the package with a private certificate authority, as PEM: `checks/ca.pem` where it lies beside the check files. Null: the public ones."
  type        = string
  default     = null
}

variable "checks" {
  description = "Where the check files are: those of the package if empty, or `s3://bucket/checks/{{ deployment.tag }}/` where the pipeline puts them."
  type        = list(string)
  default     = []
}

variable "secret_arns" {
  description = "Secrets of Secrets Manager that the check files read."
  type        = list(string)
  default     = []
}

variable "notify" {
  description = "The SNS topic that hears of a Failed, and of a gate that could not report. Null: none."
  type        = object({ topic_arn = string })
  default     = null
}

variable "vpc" {
  description = "Where the gate runs, if the test listener is reachable from there only."
  type = object({
    id         = string
    subnet_ids = list(string)
  })
  default = null
}
