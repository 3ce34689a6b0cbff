variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,25}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 26 of them, a letter first: a target group's name has 32 characters."
  }
}

variable "vpc_id" {
  description = "The VPC of the load balancer."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, in two zones or more: public ones, or private ones where it is internal."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Expected two subnets or more in `subnet_ids`: a load balancer needs two zones."
  }
}

variable "internal" {
  description = "Whether the load balancer has private addresses only."
  type        = bool
}

variable "tls" {
  description = "The name that customers use, with its certificate or the Route 53 zone in which the module proves and publishes the name, or both. Null: both listeners speak plain HTTP."
  type = object({
    domain_name = string
    certificate = optional(object({ arn = string }))
    zone        = optional(object({ id = string }))
  })

  validation {
    condition     = var.tls == null || can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.tls.domain_name))
    error_message = "Expected a lower-case domain name without a scheme in `tls.domain_name`, such as shop.example.com."
  }

  validation {
    condition     = var.tls == null || try(var.tls.certificate, null) != null || try(var.tls.zone, null) != null
    error_message = "Expected `tls.certificate = { arn }`, or `tls.zone = { id }` so that a certificate can be made."
  }

  validation {
    condition     = try(var.tls.certificate, null) == null || can(regex("^arn:[a-z-]+:(acm|iam):", var.tls.certificate.arn))
    error_message = "Expected the ARN of an ACM or IAM certificate in `tls.certificate.arn`."
  }
}

variable "test_port" {
  description = "Port of the test listener."
  type        = number

  validation {
    condition     = var.test_port >= 1 && var.test_port <= 65535
    error_message = "Expected a port between 1 and 65535 in `test_port`."
  }

  validation {
    condition     = !contains([80, 443], var.test_port)
    error_message = "Expected a port other than 80 and 443 in `test_port`: those are production's."
  }
}

variable "production_cidrs" {
  description = "Who may reach the production listener."
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.production_cidrs : can(cidrnetmask(cidr))])
    error_message = "Expected IPv4 ranges in `production_cidrs`."
  }
}

variable "test_cidrs" {
  description = "Who may reach the test listener, by a name of your choice: at least the hook, by its NAT addresses."
  type        = map(string)

  validation {
    condition     = alltrue([for cidr in values(var.test_cidrs) : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "Expected IPv4 ranges in `test_cidrs`, and none as wide as the internet: the test listener serves a version that nobody has approved."
  }

  validation {
    condition     = alltrue([for name in keys(var.test_cidrs) : can(regex("^[a-zA-Z0-9. _:/()#,@+=&;{}!$*\\[\\]-]*$", name)) && length(name) <= 200])
    error_message = "Expected names of 200 characters or fewer in `test_cidrs`, of letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*: they describe rules of a security group."
  }

  validation {
    condition     = length(distinct(values(var.test_cidrs))) == length(var.test_cidrs)
    error_message = "Expected each range once in `test_cidrs`: a security group takes no rule twice."
  }
}

variable "test_security_group_ids" {
  description = "Security groups that may reach the test listener of an internal load balancer, by a name of your choice."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.test_security_group_ids) : can(regex("^[a-zA-Z0-9. _:/()#,@+=&;{}!$*\\[\\]-]*$", name)) && length(name) <= 200])
    error_message = "Expected names of 200 characters or fewer in `test_security_group_ids`, of letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*: they describe rules of a security group."
  }
}

variable "container_port" {
  description = "Port on which the tasks listen."
  type        = number
}

variable "health_check_path" {
  description = "Path that answers 200 when a task is healthy."
  type        = string

  validation {
    condition     = can(regex("^/[!-~]*$", var.health_check_path)) && length(var.health_check_path) <= 1024
    error_message = "Expected a path that begins with / in `health_check_path`, without spaces and of 1024 characters at most."
  }
}

variable "deregistration_delay" {
  description = "Seconds that a leaving task may take to finish its requests."
  type        = number

  validation {
    condition     = var.deregistration_delay >= 0 && var.deregistration_delay <= 3600
    error_message = "Expected 0 to 3600 seconds in `deregistration_delay`."
  }
}

variable "protect" {
  description = "Whether the load balancer is protected from deletion."
  type        = bool
}

variable "access_logs_bucket" {
  description = "Bucket for access logs; null keeps none."
  type        = string
  default     = null
}
