variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "cidr" {
  description = "Address range of the VPC, between /16 and /23."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "Expected an IPv4 range such as 10.0.0.0/16 in `cidr`."
  }

  validation {
    condition     = can(regex("/(1[6-9]|2[0-3])$", var.cidr))
    error_message = "Expected a prefix between /16 and /23 in `cidr`: each subnet takes a sixteenth of it, and a load balancer's needs a /27."
  }
}

variable "zones" {
  description = "How many availability zones to use; a load balancer needs two."
  type        = number

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "Expected 2, 3 or 4 in `zones`: a load balancer needs two."
  }
}

variable "exclude_zone_ids" {
  description = "Ids of availability zones that are not used, such as `use1-az3`: those that have no Fargate or no Lambda."
  type        = set(string)

  validation {
    condition     = alltrue([for id in var.exclude_zone_ids : can(regex("^[a-z]+[0-9]+-az[0-9]+$", id))])
    error_message = "Expected ids such as use1-az3 in `exclude_zone_ids`: a name such as us-east-1a is another zone in every account."
  }
}

variable "nat" {
  description = "NAT gateways: `single` (cheaper) or `per_zone` (survives the loss of a zone)."
  type        = string

  validation {
    condition     = contains(["single", "per_zone"], var.nat)
    error_message = "Expected `single` or `per_zone` in `nat`."
  }
}
