variable "name" {
  description = "Name of the gate. The function is called `CodeDeployHook_<name>`, which every AWS-managed CodeDeploy policy accepts."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Expected lower-case letters, digits and hyphens in `name`, 2 to 31 of them, a letter first."
  }
}

variable "package" {
  description = "The zip that `make package CHECKS=folder` builds, with the check files of that folder."
  type        = string

  validation {
    condition     = endswith(var.package, ".zip")
    error_message = "Expected the path of a .zip file in `package`: build it with `make package`."
  }
}

variable "architecture" {
  description = "Processor of the package: `x86_64`, or `arm64` for `make package ARCH=arm64`."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Expected `x86_64` or `arm64` in `architecture`."
  }
}

variable "codedeploy_application" {
  description = "CodeDeploy application whose deployments the gate judges."
  type        = string
}

variable "codedeploy_deployment_group" {
  description = "Deployment group whose deployments the gate judges; the only one that it may report to."
  type        = string
}

variable "target" {
  description = "Base URL under test: the test listener, with the name on the certificate."
  type        = string

  validation {
    condition     = can(regex("^https?://[^/?#@: ]+(:[0-9]+)?(/[^?# ]*)?$", var.target))
    error_message = "Expected a URL such as https://shop.example.com:8443 in `target`, without a user, a query or a fragment."
  }
}

variable "connect_to" {
  description = "What is dialled instead of the target's own name: the load balancer's name, without a scheme."
  type        = string
  default     = null
}

variable "cacert" {
  description = "File of the package with the only certificate authorities that are trusted, as PEM, for a test listener under a private one: `checks/ca.pem` where it lies in the folder that `make package CHECKS=folder` packs. Null: the public ones."
  type        = string
  default     = null

  validation {
    condition     = var.cacert == null || can(regex("^[^-/][^\n]*$", var.cacert)) && !strcontains(coalesce(var.cacert, "-"), "-----")
    error_message = "Expected the path of a file inside the package in `cacert`, such as checks/ca.pem, not the certificate itself."
  }
}

variable "checks" {
  description = "Check files, folders or globs of the package, or check files and prefixes in S3, such as `s3://bucket/checks/{{ deployment.tag }}/`, where the tag is that of green's image. Empty: the folder `checks` of the package."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for place in var.checks : !strcontains(place, ",")])
    error_message = "Expected no comma in `checks`: write one item for each place."
  }

  validation {
    condition     = alltrue([for place in var.checks : can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^{}*?]+([{]{2} *deployment[.][a-z_]+ *[}]{2}[^{}*?]*)*$", place)) if startswith(place, "s3://")])
    error_message = "Expected `s3://bucket/prefix/{{ deployment.tag }}/` in `checks`, with a beginning that is the same for every release: it is what the gate may read."
  }

  validation {
    condition     = var.proof != "off" || !anytrue([for place in var.checks : strcontains(place, "{{")])
    error_message = "Expected no placeholder in `checks` where `proof` is `off`: without a proof the gate does not ask which release it tests."
  }
}

variable "checks_fallback" {
  description = "What runs where S3 has no check files for a release: `none` (the verdict is Failed) or `bundled` (those of the package; log, reason and report say so)."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "bundled"], var.checks_fallback)
    error_message = "Expected `none` or `bundled` in `checks_fallback`."
  }
}

variable "tags" {
  description = "Only checks with one of these tags run. Empty: all."
  type        = list(string)
  default     = []
}

variable "variables" {
  description = "Values for the variables of the check files. They are readable for everyone who may read the function; no secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.variables) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "Expected letters, digits and underscores in the names of `variables`."
  }
}

variable "secret_arns" {
  description = "Secrets of Secrets Manager that the check files read with `{ secret: NAME }`. Their values never stand in the function's settings nor in Terraform's state."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*]", arn))])
    error_message = "Expected ARNs of secrets in `secret_arns`, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/smoke-AbCdEf."
  }
}

variable "parameter_arns" {
  description = "Parameters of Parameter Store that the check files read with `{ parameter: /path }`."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.parameter_arns : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[^*]", arn))])
    error_message = "Expected ARNs of parameters in `parameter_arns`, such as arn:aws:ssm:eu-central-1:123456789012:parameter/shop/smoke."
  }
}

variable "allow_hosts" {
  description = "Hosts beside the target that check files may send requests to, such as that of a sign-in."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.allow_hosts : can(regex("^(https?://)?([*][.])?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?$", host))])
    error_message = "Expected lower-case host names in `allow_hosts`, such as auth.example.com or *.example.com, without a path."
  }
}

variable "rate" {
  description = "The most requests that the checks send in a time, such as `20/s`. Null: no limit beside `jobs`."
  type        = string
  default     = null

  validation {
    condition     = var.rate == null || can(regex("^[1-9][0-9]*/(s|m)$", var.rate))
    error_message = "Expected a number of requests a second or minute in `rate`, such as `20/s`."
  }
}

variable "fail_fast" {
  description = "Begin no further check after one that fails the verdict."
  type        = bool
  default     = false
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

variable "proof_timeout" {
  description = "Seconds that the proof may wait for green, before the checks, after them, and while they run for other versions to stop answering; a part of `timeout`. Null: the hook's own, a minute."
  type        = number
  default     = null

  validation {
    condition     = var.proof_timeout == null || try(var.proof_timeout >= 1 && var.proof_timeout < var.timeout, false)
    error_message = "Expected a second or more in `proof_timeout`, and less than in `timeout`: the checks need time too."
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

variable "ecs_service_arns" {
  description = "ECS services of the deployment group, the only ones that `proof` may look at."
  type        = list(string)
  default     = []

  validation {
    condition     = var.proof == "off" || length(var.ecs_service_arns) > 0
    error_message = "Expected the deployment group's ECS service in `ecs_service_arns`: without leave to look at it the gate proves nothing, and every verdict is Failed."
  }
}

variable "jobs" {
  description = "How many checks run at the same time. Null: the hook's own choice."
  type        = number
  default     = null

  validation {
    condition     = var.jobs == null || try(var.jobs >= 1 && var.jobs <= 256, false)
    error_message = "Expected 1 to 256 in `jobs`."
  }
}

variable "timeout" {
  description = "Seconds that the gate may take, report included. Lambda allows 900."
  type        = number
  default     = 300

  validation {
    condition     = var.timeout >= 30 && var.timeout <= 900
    error_message = "Expected 30 to 900 seconds in `timeout`: Lambda allows no more."
  }
}

variable "memory" {
  description = "Memory of the gate in MB; Lambda gives processor time in proportion."
  type        = number
  default     = 256

  validation {
    condition     = var.memory >= 128 && var.memory <= 3008
    error_message = "Expected 128 to 3008 MB in `memory`."
  }
}

variable "vpc" {
  description = "Where the gate runs, if the test listener is reachable from there only. The subnets need a way to the CodeDeploy API and, for `proof`, to those of ECS and the load balancer: NAT or interface endpoints. Null: outside any VPC."
  type = object({
    id         = string
    subnet_ids = list(string)
  })
  default = null
}

variable "target_port" {
  description = "Port of the test listener, for the gate's security group. Null: that of `target`, which then has to be known before the apply."
  type        = number
  default     = null

  validation {
    condition     = var.target_port == null || try(var.target_port >= 1 && var.target_port <= 65535, false)
    error_message = "Expected a port between 1 and 65535 in `target_port`."
  }
}

variable "reports" {
  description = "Where the gate keeps its reports, as `s3://bucket/prefix/`: JSON, JUnit and HTML for each deployment. Null: in the log only."
  type        = string
  default     = null

  validation {
    condition     = var.reports == null || can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([^{}*?]+/)?$", var.reports))
    error_message = "Expected `s3://bucket/prefix/` in `reports`, with a slash at its end."
  }
}

variable "notify" {
  description = "ARN of the SNS topic that hears the verdict. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.notify == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.notify))
    error_message = "Expected the ARN of an SNS topic in `notify`; the messages have no order, so that a FIFO topic does not fit."
  }
}

variable "notify_on" {
  description = "Which verdicts the topic hears: `failed` or `always`."
  type        = string
  default     = "failed"

  validation {
    condition     = contains(["failed", "always"], var.notify_on)
    error_message = "Expected `failed` or `always` in `notify_on`."
  }
}

variable "kms_key_arns" {
  description = "The team's own keys that encrypt these secrets, parameters, check files, the reports' bucket or the topic. AWS's keys need no entry."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Expected ARNs of keys in `kms_key_arns`, not of aliases: IAM knows a key by its own ARN only."
  }
}

variable "metrics" {
  description = "Namespace of the gate's CloudWatch metrics, or `off`: each custom metric is charged for by the month."
  type        = string
  default     = "Greenlight"

  validation {
    condition     = can(regex("^[A-Za-z0-9._#-][A-Za-z0-9._/#:-]{0,254}$", var.metrics)) && !startswith(var.metrics, "AWS/")
    error_message = "Expected a namespace of letters, digits and `._-/#:` in `metrics` that does not begin with AWS/, or `off`."
  }
}

variable "log_retention_days" {
  description = "Days that the gate's logs are kept."
  type        = number
  default     = 30
}

variable "alarm_actions" {
  description = "ARNs told when nobody could report a verdict: SNS topics, for example."
  type        = list(string)
  default     = []
}
