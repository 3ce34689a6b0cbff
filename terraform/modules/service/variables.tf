variable "name" {
  description = "Prefix of every name, and the name of cluster, service and container."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,31}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 32 of them, a letter first: the Region follows it in the names of roles, which have 64 characters."
  }
}

variable "vpc_id" {
  description = "The VPC of the tasks."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks, with a way out to pull the image."
  type        = list(string)
}

variable "load_balancer_security_group_id" {
  description = "The only security group that may reach the tasks."
  type        = string
}

variable "target_group_arn" {
  description = "Target group of the first task set."
  type        = string
}

variable "request_metric" {
  description = "The load balancer and its two target groups as CloudWatch names them, for scaling by requests."
  type = object({
    load_balancer = string
    target_groups = map(string)
  })
}

variable "initial_image" {
  description = "Image of the first task set, before the pipeline has run once: one of `ecr_repository_arn`, or one that needs no sign-in. Null: a placeholder that answers 200 on the health check's path, from public.ecr.aws, which the subnets have to reach."
  type        = string
  default     = null
}

variable "container_port" {
  description = "Port on which the container listens."
  type        = number

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535
    error_message = "Expected a port between 1 and 65535 in `container_port`."
  }
}

variable "health_check_path" {
  description = "Path that the placeholder answers."
  type        = string

  validation {
    condition     = can(regex("^/[!-~]*$", var.health_check_path)) && !can(regex("%|#|/[.][.]?(/|$)", split("?", var.health_check_path)[0]))
    error_message = "Expected a path in `health_check_path` that begins with / and has no spaces, `%`, `#`, `/./` or `/../`: the placeholder answers it from a file."
  }
}

variable "cpu" {
  description = "CPU units of a task, 1024 to a processor."
  type        = number

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "Expected 256, 512, 1024, 2048, 4096, 8192 or 16384 in `cpu`: Fargate has no other sizes."
  }
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number

  validation {
    condition = contains(lookup({
      "256"   = [512, 1024, 2048]
      "512"   = range(1024, 4097, 1024)
      "1024"  = range(2048, 8193, 1024)
      "2048"  = range(4096, 16385, 1024)
      "4096"  = range(8192, 30721, 1024)
      "8192"  = range(16384, 61441, 4096)
      "16384" = range(32768, 122881, 8192)
    }, tostring(var.cpu), [var.memory]), var.memory)
    error_message = "Expected two to eight times `cpu` in `memory`, in whole GiB (steps of 4 for 8192, of 8 for 16384; 30720, 61440 and 122880 at most), or 512 with 256: Fargate has no other sizes."
  }
}

variable "architecture" {
  description = "Processor of the tasks: `X86_64` or `ARM64`."
  type        = string

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "Expected `X86_64` or `ARM64` in `architecture`."
  }
}

variable "environment" {
  description = "Environment variables of the container. Secrets belong in `secrets`."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Environment variables of the container by the ARN of their Secrets Manager secret, with `:member::` behind it for one member, or of their SSM parameter."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[^:*]", arn))])
    error_message = "Expected ARNs of secrets or parameters in `secrets`, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf, perhaps with :member:: behind."
  }
}

variable "secrets_kms_key_arns" {
  description = "The team's own keys that encrypt these secrets and parameters. AWS's keys need no entry."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secrets_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Expected ARNs of keys in `secrets_kms_key_arns`, not of aliases: IAM knows a key by its own ARN only."
  }
}

variable "ecr_repository_arn" {
  description = "The repository from which the tasks pull."
  type        = string
}

variable "scaling" {
  description = "Number of tasks, and the averages that scaling aims at: CPU and memory in percent, requests a minute and task. Null switches a target off."
  type = object({
    min      = number
    max      = number
    cpu      = optional(number)
    memory   = optional(number)
    requests = optional(number)
  })

  validation {
    condition     = var.scaling.min >= 1
    error_message = "Expected one task or more in `scaling.min`: without a task green proves nothing."
  }

  validation {
    condition     = var.scaling.max >= var.scaling.min
    error_message = "Expected `scaling.max` to be at least `scaling.min`."
  }
}

variable "execute_command" {
  description = "Whether `aws ecs execute-command` may open a shell in a task."
  type        = bool
}

variable "log_retention_days" {
  description = "Days that the container's logs are kept."
  type        = number
}

variable "container_insights" {
  description = "Whether CloudWatch collects the cluster's metrics in detail, which it charges for."
  type        = bool
}
