variable "name" {
  description = "Prefix of the bucket's name."
  type        = string
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
