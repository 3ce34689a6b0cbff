variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "name" {
  description = "Name of the application, and prefix of every name."
  type        = string
  default     = "greenlight"
}

variable "repository" {
  description = "GitHub repository of the application, as owner/name."
  type        = string
}

variable "branch" {
  description = "Branch whose pushes are deployed."
  type        = string
  default     = "main"
}

variable "context" {
  description = "Folder of the repository with the Dockerfile."
  type        = string
  default     = "."
}

variable "package" {
  description = "The hook's zip; `make deploy` builds it and names it."
  type        = string
  default     = "../../../target/lambda/bootstrap/bootstrap.zip"
}

variable "package_architecture" {
  description = "Processor of the zip."
  type        = string
  default     = "x86_64"
}

variable "tls" {
  description = "Domain name with a certificate or a Route 53 zone; null serves plain HTTP."
  type = object({
    domain_name     = string
    certificate_arn = optional(string)
    zone_id         = optional(string)
  })
  default = null
}

variable "test_cidrs" {
  description = "Who may reach the test listener beside the gate, by a name of your choice."
  type        = map(string)
  default     = {}
}

variable "notify_emails" {
  description = "Addresses that hear of failures."
  type        = set(string)
  default     = []
}
