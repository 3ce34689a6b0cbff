mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name  = "shop"
  cidr  = "10.0.0.0/16"
  zones = 2
  nat   = "single"

  exclude_zone_ids = ["use1-az3"]
}

run "the_private_subnets_leave_through_one_gateway" {
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 2
    error_message = "One gateway, a route from each zone."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.map_public_ip_on_launch != true])
    error_message = "Nothing gets a public address by accident."
  }

  assert {
    condition     = aws_route.internet.gateway_id == aws_internet_gateway.this.id && aws_route.internet.route_table_id == aws_route_table.public.id && alltrue([for zone, subnet in aws_subnet.public : aws_route_table_association.public[zone].subnet_id == subnet.id && aws_route_table_association.public[zone].route_table_id == aws_route_table.public.id])
    error_message = "The public subnets leave through the internet gateway."
  }

  assert {
    condition     = alltrue([for zone, subnet in aws_subnet.private : aws_route.nat[zone].nat_gateway_id == aws_nat_gateway.this["0"].id && aws_route.nat[zone].route_table_id == aws_route_table.private[zone].id && aws_route_table_association.private[zone].subnet_id == subnet.id && aws_route_table_association.private[zone].route_table_id == aws_route_table.private[zone].id])
    error_message = "The private ones through NAT, by their own table."
  }

  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block]))) == 4
    error_message = "Four ranges."
  }
}

run "a_gateway_per_zone_survives_the_loss_of_a_zone" {
  variables {
    zones = 3
    nat   = "per_zone"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(output.nat_public_ips) == 3
    error_message = "Three gateways."
  }

  assert {
    condition     = alltrue([for zone in keys(aws_subnet.private) : aws_route.nat[zone].nat_gateway_id == aws_nat_gateway.this[zone].id && aws_nat_gateway.this[zone].subnet_id == aws_subnet.public[zone].id])
    error_message = "Each zone leaves through its own."
  }
}

run "zones_without_fargate_are_left_out" {
  assert {
    condition     = data.aws_availability_zones.this.exclude_zone_ids == toset(["use1-az3"])
    error_message = "AWS is not asked for them."
  }
}

run "the_smallest_range_has_room_for_a_load_balancer" {
  variables {
    cidr  = "10.0.0.0/23"
    zones = 4
  }

  override_data {
    target = data.aws_availability_zones.this
    values = { names = ["a", "b", "c", "d"] }
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : endswith(subnet.cidr_block, "/27")]) && length(distinct([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.cidr_block])) == 8
    error_message = "Eight subnets of /27."
  }
}

run "a_region_with_fewer_zones_is_refused" {
  command = plan

  variables {
    zones = 4
    nat   = "per_zone"
  }

  expect_failures = [aws_vpc.this]
}

# One run for each validation.

run "a_zone_by_its_name_is_refused" {
  command = plan

  variables {
    exclude_zone_ids = ["us-east-1a"]
  }

  expect_failures = [var.exclude_zone_ids]
}

run "a_range_that_is_none_is_refused" {
  command = plan

  variables {
    cidr = "10.0.0/16"
  }

  expect_failures = [var.cidr]
}

run "a_range_that_is_too_small_is_refused" {
  command = plan

  variables {
    cidr = "10.0.0.0/24"
  }

  expect_failures = [var.cidr]
}

run "one_zone_is_refused" {
  command = plan

  variables {
    zones = 1
  }

  expect_failures = [var.zones]
}

run "an_unknown_nat_is_refused" {
  command = plan

  variables {
    nat = "none"
  }

  expect_failures = [var.nat]
}
