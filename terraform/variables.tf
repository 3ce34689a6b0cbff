variable "name" {
  description = "Name of the application, and prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 20 of them, a letter first."
  }

  validation {
    condition     = !can(regex("--|-$", var.name))
    error_message = "Expected single hyphens inside `name` only."
  }

  validation {
    condition     = !startswith(var.name, "internal-")
    error_message = "Expected another beginning than `internal-` in `name`: load balancers keep it for themselves."
  }
}

variable "repository" {
  description = "GitHub repository of the application, as owner/name. It needs a Dockerfile and may hold `smoke-tests/*.yaml`."
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

variable "connection" {
  description = "An existing connection to GitHub. Null: one is made, and somebody completes it in the console."
  type        = object({ arn = string })
  default     = null
}

variable "package" {
  description = "The hook's zip, built by `make package CHECKS=terraform/checks`, or with a folder of your own: the check files in it judge every release that brings none."
  type        = string
}

variable "package_architecture" {
  description = "Processor of the zip: `x86_64`, or `arm64` for `make package ARCH=arm64`."
  type        = string
  default     = "x86_64"
}

variable "vpc" {
  description = "An existing VPC instead of a new one. The private subnets need a way out; `nat_public_ips` are the addresses it is seen under, which a public load balancer has to let in."
  type = object({
    id                 = string
    public_subnet_ids  = optional(list(string), [])
    private_subnet_ids = list(string)
    nat_public_ips     = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.vpc == null || var.internal || length(try(var.vpc.public_subnet_ids, [])) >= 2
    error_message = "Expected two subnets or more in `vpc.public_subnet_ids`, or `internal = true`."
  }

  validation {
    condition     = var.vpc == null || var.internal || length(try(var.vpc.nat_public_ips, {})) > 0
    error_message = "Expected the NAT gateways' addresses in `vpc.nat_public_ips`: without them the hook does not reach a public load balancer's test listener."
  }

  validation {
    condition     = alltrue([for address in values(try(var.vpc.nat_public_ips, {})) : can(cidrnetmask("${address}/32"))])
    error_message = "Expected IPv4 addresses in `vpc.nat_public_ips`, such as 203.0.113.7."
  }

  validation {
    condition     = var.vpc == null || length(try(var.vpc.private_subnet_ids, [])) >= 2
    error_message = "Expected two subnets or more in `vpc.private_subnet_ids`."
  }
}

variable "cidr" {
  description = "Address range of the new VPC, between /16 and /23."
  type        = string
  default     = "10.0.0.0/16"
}

variable "zones" {
  description = "How many availability zones the new VPC uses."
  type        = number
  default     = 2
}

variable "exclude_zone_ids" {
  description = "Ids of availability zones that the new VPC does not use. The default are those that lack Fargate, on one processor at least."
  type        = set(string)
  default     = ["apne1-az3", "use1-az3", "usw1-az2"]
}

variable "nat" {
  description = "NAT gateways of the new VPC: `single` (cheaper) or `per_zone` (survives the loss of a zone)."
  type        = string
  default     = "single"
}

variable "internal" {
  description = "Whether the load balancer has private addresses only."
  type        = bool
  default     = false
}

variable "tls" {
  description = "The name that customers use, with its certificate or the Route 53 zone in which the module proves and publishes the name, or both. Null: production (port 80) and test listener speak plain HTTP, which is for a workshop only."
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
  default     = ["0.0.0.0/0"]
}

variable "test_port" {
  description = "Port of the test listener."
  type        = number
  default     = 8443
}

variable "test_cidrs" {
  description = "Who may reach the test listener beside the hook: a range by a name of your choice."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for cidr in values(var.test_cidrs) : can(cidrnetmask(cidr))])
    error_message = "Expected IPv4 ranges in `test_cidrs`."
  }

  validation {
    condition     = alltrue([for cidr in values(var.test_cidrs) : !endswith(cidr, "/0")])
    error_message = "Expected no range as wide as the internet in `test_cidrs`: the test listener serves a version that nobody has approved."
  }

  validation {
    condition     = length(setintersection(values(var.test_cidrs), [for address in values(try(var.vpc.nat_public_ips, {})) : "${address}/32"])) == 0
    error_message = "Expected no address of `vpc.nat_public_ips` in `test_cidrs`: the gate's rules name it, and a security group takes no rule twice."
  }
}

variable "access_logs_bucket" {
  description = "Bucket for the load balancer's access logs; null keeps none."
  type        = string
  default     = null
}

variable "container_port" {
  description = "Port on which the container listens."
  type        = number
  default     = 8080
}

variable "health_check_path" {
  description = "Path that answers 200 when a task is healthy."
  type        = string
  default     = "/healthz"
}

variable "deregistration_delay" {
  description = "Seconds that a leaving task may take to finish its requests."
  type        = number
  default     = 30
}

variable "initial_image" {
  description = "Image of the first task set, until the pipeline has run once: one that needs no sign-in, or of a repository that `execution_role_name` is given leave to pull from. Null: a placeholder that answers the health check, from public.ecr.aws."
  type        = string
  default     = null
}

variable "cpu" {
  description = "CPU units of a task, 1024 to a processor."
  type        = number
  default     = 256
}

variable "memory" {
  description = "Memory of a task in MiB, of the sizes that Fargate has: two to eight times `cpu`, in whole GiB; 512 with 256."
  type        = number
  default     = 512
}

variable "architecture" {
  description = "Processor of the tasks: `X86_64` or `ARM64`."
  type        = string
  default     = "X86_64"
}

variable "environment" {
  description = "Environment variables of the container."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Environment variables of the container by the ARN of their Secrets Manager secret, with `:member::` behind it for one member, or of their SSM parameter."
  type        = map(string)
  default     = {}
}

variable "secrets_kms_key_arns" {
  description = "The team's own keys that encrypt `secrets`. AWS's keys need no entry."
  type        = list(string)
  default     = []
}

variable "scaling" {
  description = "Number of tasks, and the averages that scaling aims at: CPU and memory in percent, requests a minute and task. Null switches a target off."
  type = object({
    min      = optional(number, 2)
    max      = optional(number, 6)
    cpu      = optional(number, 60)
    memory   = optional(number, 75)
    requests = optional(number)
  })
  default = {}
}

variable "execute_command" {
  description = "Whether `aws ecs execute-command` may open a shell in a task."
  type        = bool
  default     = false
}

variable "container_insights" {
  description = "Whether CloudWatch collects the cluster's metrics in detail, which it charges for."
  type        = bool
  default     = false
}

variable "hook" {
  description = "The gate, as modules/hook describes each of its settings. `checks` null: those that the release brings in its `smoke-tests/`, and where it brings none, `checks_fallback`. `report_days`: how long its reports are kept."
  type = object({
    cacert          = optional(string)
    checks          = optional(list(string))
    checks_fallback = optional(string, "bundled")
    tags            = optional(list(string), [])
    variables       = optional(map(string), {})
    secret_arns     = optional(list(string), [])
    parameter_arns  = optional(list(string), [])
    allow_hosts     = optional(list(string), [])
    jobs            = optional(number)
    rate            = optional(string)
    fail_fast       = optional(bool, false)
    timeout         = optional(number, 300)
    memory          = optional(number, 256)
    proof_timeout   = optional(number)
    report_days     = optional(number, 30)
    notify_on       = optional(string, "failed")
    kms_key_arns    = optional(list(string), [])
    metrics         = optional(string, "Greenlight")
  })
  default = {}
}

variable "proof" {
  description = "What the gate proves before the first check. `full`: the deployment goes on, its task set is healthy and the test listener forwards to nothing else; with `identity` also that the application answers as that version. `listener`: the same without asking the application. `identity`: that the application answers as the deployment's version, whatever the listener's rules. `off`: nothing, so that a check may have tested blue."
  type        = string
  default     = "full"

  validation {
    condition     = contains(["full", "listener", "identity", "off"], var.proof)
    error_message = "Expected `full`, `listener`, `identity` or `off` in `proof`."
  }

  validation {
    condition     = var.proof != "identity" || var.identity != null
    error_message = "Expected `identity` where `proof` is `identity`: the gate has to know where the application tells its version."
  }
}

variable "identity" {
  description = "Where the application tells its version: `origin` is `header:x-app-version` or `json:$.version`, `path` what is asked with GET (`/`), `is` what it has to equal (`tag`, `digest` or `image` of the green container, or `env:NAME`), `times` the answers in a row from each address (3). Null: the application is not asked."
  type = object({
    origin = string
    path   = optional(string)
    is     = optional(string)
    times  = optional(number)
  })
  default = null
}

variable "traffic" {
  description = "How production moves to green once the gate has opened: `all_at_once`, or `canary` or `linear` with a percentage and the minutes between steps."
  type = object({
    type       = optional(string, "all_at_once")
    percentage = optional(number, 10)
    interval   = optional(number, 5)
  })
  default = {}
}

variable "termination_wait" {
  description = "Minutes that blue lives on after production has moved, for a fast way back. CodePipeline waits with it and charges for the minutes."
  type        = number
  default     = 5
}

variable "alarm_5xx_per_minute" {
  description = "Answers with a 5xx status in a minute that stop a deployment and roll it back."
  type        = number
  default     = 10
}

variable "stop_on_alarm" {
  description = "Whether an alarm stops a deployment. False lets a fix through while production itself is above the threshold: an alarm that is on stops every deployment at its beginning."
  type        = bool
  default     = true
}

variable "alarm_names" {
  description = "Further alarms that stop a deployment, eight at most."
  type        = list(string)
  default     = []
}

variable "notify_emails" {
  description = "Addresses that hear of failed pipelines and deployments, and of alarms; each has to confirm."
  type        = set(string)
  default     = []
}

variable "keep_images" {
  description = "How many images the repository keeps: as many releases may be deployed again."
  type        = number
  default     = 20
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Expected a number of days in `log_retention_days` that CloudWatch knows, such as 7, 30, 90 or 365."
  }
}

variable "protect" {
  description = "Production: the load balancer cannot be deleted, and images and artifacts survive a destroy. False for a workshop."
  type        = bool
  default     = false
}
