variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "cidr" {
  description = "Address range of the VPC, between /16 and /24."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "Expected an IPv4 range such as 10.0.0.0/16 in `cidr`."
  }

  validation {
    condition     = can(regex("/(1[6-9]|2[0-4])$", var.cidr))
    error_message = "Expected a prefix between /16 and /24 in `cidr`: every zone takes two subnets of it."
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

variable "nat" {
  description = "NAT gateways: `single` (cheaper) or `per_zone` (survives the loss of a zone)."
  type        = string

  validation {
    condition     = contains(["single", "per_zone"], var.nat)
    error_message = "Expected `single` or `per_zone` in `nat`."
  }
}
