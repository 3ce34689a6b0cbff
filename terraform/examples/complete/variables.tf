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
    domain_name = string
    certificate = optional(object({ arn = string }))
    zone        = optional(object({ id = string }))
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

variable "hook" {
  description = "Settings of the gate, those of the module's `hook`."
  # The module's own type holds them.
  type    = any
  default = {}
}

variable "identity" {
  description = "Where the application tells its version; the sample application: { origin = \"json:$.version\", path = \"/version\" }. Null: it is not asked."
  type = object({
    origin = string
    path   = optional(string)
    is     = optional(string)
    times  = optional(number)
  })
  default = null
}
