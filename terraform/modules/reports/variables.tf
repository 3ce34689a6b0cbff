variable "name" {
  description = "Prefix of the bucket's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,26}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 27 of them, a letter first: account and region follow it in the name of the bucket, which has 63 characters."
  }
}

variable "retention_days" {
  description = "Days that reports are kept."
  type        = number

  validation {
    condition     = var.retention_days >= 1
    error_message = "Expected a day or more in `retention_days`."
  }
}

variable "protect" {
  description = "Whether the reports survive a destroy."
  type        = bool
}
