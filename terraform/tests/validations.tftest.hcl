# One run for each validation of the root.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "shop"
  repository = "example/shop"
  package    = "tests/fixtures/package.zip"
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "a_name_with_two_hyphens_is_refused" {
  command = plan

  variables {
    name = "my--shop"
  }

  expect_failures = [var.name]
}

run "a_name_that_begins_with_internal_is_refused" {
  command = plan

  variables {
    name = "internal-shop"
  }

  expect_failures = [var.name]
}

run "a_vpc_without_public_subnets_is_refused" {
  command = plan

  variables {
    vpc = { id = "vpc-1", private_subnet_ids = ["subnet-1", "subnet-2"], nat_public_ips = { a = "203.0.113.7" } }
  }

  expect_failures = [var.vpc]
}

run "a_vpc_without_nat_addresses_is_refused" {
  command = plan

  variables {
    vpc = { id = "vpc-1", public_subnet_ids = ["subnet-3", "subnet-4"], private_subnet_ids = ["subnet-1", "subnet-2"] }
  }

  expect_failures = [var.vpc]
}

run "a_vpc_with_one_private_subnet_is_refused" {
  command = plan

  variables {
    internal = true
    vpc      = { id = "vpc-1", private_subnet_ids = ["subnet-1"] }
  }

  expect_failures = [var.vpc]
}

run "a_nat_address_that_is_none_is_refused" {
  command = plan

  variables {
    vpc = { id = "vpc-1", public_subnet_ids = ["subnet-3", "subnet-4"], private_subnet_ids = ["subnet-1", "subnet-2"], nat_public_ips = { a = "203.0.113.7/32" } }
  }

  expect_failures = [var.vpc]
}

run "a_nat_address_among_the_test_ranges_is_refused" {
  command = plan

  variables {
    vpc        = { id = "vpc-1", public_subnet_ids = ["subnet-3", "subnet-4"], private_subnet_ids = ["subnet-1", "subnet-2"], nat_public_ips = { a = "203.0.113.7" } }
    test_cidrs = { gate = "203.0.113.7/32" }
  }

  expect_failures = [var.test_cidrs]
}

run "a_test_range_that_is_none_is_refused" {
  command = plan

  variables {
    test_cidrs = { office = "198.51.100.7" }
  }

  expect_failures = [var.test_cidrs]
}

run "a_test_listener_open_to_the_internet_is_refused" {
  command = plan

  variables {
    test_cidrs = { everybody = "0.0.0.0/0" }
  }

  expect_failures = [var.test_cidrs]
}

run "an_unknown_proof_is_refused" {
  command = plan

  variables {
    proof = "yes"
  }

  expect_failures = [var.proof]
}

run "a_proof_by_identity_without_one_is_refused" {
  command = plan

  variables {
    proof = "identity"
  }

  expect_failures = [var.proof]
}

run "a_retention_that_cloudwatch_does_not_know_is_refused" {
  command = plan

  variables {
    log_retention_days = 31
  }

  expect_failures = [var.log_retention_days]
}
