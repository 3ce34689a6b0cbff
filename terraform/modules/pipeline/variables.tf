variable "name" {
  description = "Prefix of every name, and the name of pipeline and image repository."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 25 of them, a letter first: account and region follow it in the name of the bucket, which has 63 characters."
  }

  validation {
    condition     = var.name != "checks"
    error_message = "Expected another `name` than `checks`: the bucket keeps the check files under it, and artifacts under the pipeline's name expire."
  }
}

variable "repository" {
  description = "GitHub repository of the application, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "Expected owner/name in `repository`, without a host."
  }
}

variable "branch" {
  description = "Branch whose pushes are deployed."
  type        = string

  validation {
    condition     = length(var.branch) > 0
    error_message = "Expected the name of a branch in `branch`."
  }
}

variable "connection" {
  description = "An existing connection to GitHub. Null: one is made, and somebody has to complete it in the console."
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.connection == null || can(regex("^arn:[a-z-]+:(codeconnections|codestar-connections):", var.connection.arn))
    error_message = "Expected the ARN of a connection in `connection.arn`."
  }
}

variable "context" {
  description = "Folder of the repository with the Dockerfile and, if there are any, the check files in `smoke-tests/`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_./-]+$", var.context)) && !startswith(var.context, "/") && !strcontains(var.context, "..")
    error_message = "Expected a folder inside the repository in `context`: letters, digits, `_`, `.`, `/` and `-`."
  }
}

variable "architecture" {
  description = "Processor for which the image is built: `X86_64` or `ARM64`."
  type        = string
}

variable "codedeploy" {
  description = "Application, deployment group and configuration to deploy with."
  type = object({
    application_name       = string
    deployment_group_name  = string
    deployment_config_name = string
  })
}

variable "app_spec" {
  description = "The AppSpec that CodePipeline hands to CodeDeploy."
  type        = string
}

variable "task_definition_template" {
  description = "The task definition that CodePipeline registers, with <IMAGE1_NAME> where the image goes."
  type        = string
}

variable "pass_role_arns" {
  description = "The roles that the task definition names."
  type        = list(string)
}

variable "notify_emails" {
  description = "Addresses that hear of failed pipelines and deployments; each has to confirm."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.notify_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "Expected e-mail addresses in `notify_emails`."
  }
}

variable "log_retention_days" {
  description = "Days that the build's logs are kept."
  type        = number
}

variable "keep_images" {
  description = "How many images the repository keeps."
  type        = number
  default     = 20

  validation {
    condition     = var.keep_images >= 2
    error_message = "Expected 2 or more in `keep_images`: blue has to be there to go back to."
  }
}

variable "protect" {
  description = "Whether images and artifacts survive a destroy."
  type        = bool
}
