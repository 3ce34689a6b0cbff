variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,31}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 32 of them, a letter first: the Region follows it in the name of the role, which has 64 characters."
  }
}

variable "application_name" {
  description = "Name of the CodeDeploy application."
  type        = string
}

variable "deployment_group_name" {
  description = "Name of the deployment group."
  type        = string
}

variable "cluster_name" {
  description = "ECS cluster of the service."
  type        = string
}

variable "service_name" {
  description = "ECS service under the CODE_DEPLOY controller."
  type        = string
}

variable "container_name" {
  description = "The container behind the load balancer."
  type        = string
}

variable "container_port" {
  description = "Port of the container."
  type        = number
}

variable "network" {
  description = "Subnets and security groups of the new tasks."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
}

variable "load_balancer_arn_suffix" {
  description = "The load balancer as CloudWatch names it."
  type        = string
}

variable "production_listener_arn" {
  description = "The listener that customers reach."
  type        = string
}

variable "test_listener_arn" {
  description = "The listener that the hook tests; another one than production's, on the same load balancer."
  type        = string

  validation {
    condition     = var.test_listener_arn != var.production_listener_arn
    error_message = "Expected another listener in `test_listener_arn` than in `production_listener_arn`."
  }

  validation {
    condition     = join("/", slice(split("/", "${var.test_listener_arn}///"), 0, 4)) == join("/", slice(split("/", "${var.production_listener_arn}///"), 0, 4))
    error_message = "Expected a listener of production's load balancer in `test_listener_arn`: CodeDeploy takes no other."
  }
}

variable "target_groups" {
  description = "The two target groups by name of your choice: `name`, and `arn_suffix` as CloudWatch names it."
  type = map(object({
    name       = string
    arn_suffix = string
  }))

  validation {
    condition     = length(var.target_groups) == 2
    error_message = "Expected two target groups in `target_groups`: CodeDeploy moves traffic from one to the other."
  }
}

variable "hook" {
  description = "The gate: its function's name and ARN."
  type = object({
    function_name = string
    function_arn  = string
  })
}

variable "pass_role_arns" {
  description = "The roles that a task definition of the service names."
  type        = list(string)
}

variable "revision_arns" {
  description = "The objects from which CodeDeploy reads revisions, as ARNs that may end in `*`; none if the AppSpec comes with the deployment."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.revision_arns : can(regex("^arn:[a-z-]+:s3:::[^/*]+/[^*]", arn))])
    error_message = "Expected ARNs below a prefix of a bucket in `revision_arns`, such as arn:aws:s3:::shop-artifacts/shop/*."
  }
}

variable "traffic" {
  description = "How production moves to green once the gate has opened: `all_at_once`, or `canary` or `linear` with a percentage and the minutes between steps."
  type = object({
    type       = string
    percentage = optional(number, 10)
    interval   = optional(number, 5)
  })

  validation {
    condition     = contains(["all_at_once", "canary", "linear"], var.traffic.type)
    error_message = "Expected `all_at_once`, `canary` or `linear` in `traffic.type`."
  }

  validation {
    condition     = var.traffic.percentage >= 1 && var.traffic.percentage <= 99
    error_message = "Expected 1 to 99 in `traffic.percentage`."
  }

  validation {
    condition     = var.traffic.interval >= 1 && var.traffic.interval <= 2880
    error_message = "Expected 1 to 2880 minutes in `traffic.interval`."
  }
}

variable "termination_wait" {
  description = "Minutes that blue lives on after production has moved, for a fast way back. CodePipeline waits with it and charges for the minutes."
  type        = number

  validation {
    condition     = var.termination_wait >= 0 && var.termination_wait <= 2880
    error_message = "Expected 0 to 2880 minutes in `termination_wait`: CodeDeploy allows two days."
  }
}

variable "alarm_5xx_per_minute" {
  description = "Answers with a 5xx status of either target group in a minute that stop a deployment and roll it back. Checks that provoke a 5xx count too."
  type        = number

  validation {
    condition     = var.alarm_5xx_per_minute >= 1
    error_message = "Expected 1 or more in `alarm_5xx_per_minute`."
  }
}

variable "stop_on_alarm" {
  description = "Whether an alarm stops a deployment. False lets a fix through while production itself is above the threshold: an alarm that is on stops every deployment at its beginning."
  type        = bool
  default     = true
}

variable "alarm_names" {
  description = "Further alarms that stop a deployment; CodeDeploy takes ten in all."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.alarm_names) <= 8
    error_message = "Expected eight alarms or fewer in `alarm_names`: CodeDeploy takes ten, and two are the module's."
  }
}

variable "alarm_actions" {
  description = "ARNs told when an alarm goes off."
  type        = list(string)
  default     = []
}
