mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "shop"
  repository = "example/shop"
  package    = "tests/fixtures/package.zip"
}

# The two listeners have ARNs of their own, which a mock by type cannot give.
override_resource {
  target = module.load_balancer.aws_lb_listener.production
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/0123456789abcdef/1111111111111111" }
}

override_resource {
  target = module.load_balancer.aws_lb_listener.test
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/0123456789abcdef/2222222222222222" }
}

override_resource {
  target = module.load_balancer.aws_lb_target_group.this["blue"]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-blue/1111111111111111" }
}

override_resource {
  target = module.load_balancer.aws_lb_target_group.this["green"]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-green/2222222222222222" }
}

run "the_app_spec_names_the_gate" {
  assert {
    condition     = yamldecode(output.app_spec).Hooks == [{ AfterAllowTestTraffic = "CodeDeployHook_shop" }]
    error_message = "The AppSpec has to name the gate under AfterAllowTestTraffic, and nothing else."
  }

  assert {
    condition     = output.hook_function_name == "CodeDeployHook_shop" && output.watchdog_function_name == "CodeDeployHook_shop_watchdog"
    error_message = "AWS-managed CodeDeploy policies invoke CodeDeployHook_ functions only."
  }

  assert {
    condition     = strcontains(output.app_spec, "<TASK_DEFINITION>") && yamldecode(output.app_spec).version == "0.0"
    error_message = "CodePipeline replaces <TASK_DEFINITION>, in angle brackets as they are."
  }

  assert {
    condition = yamldecode(output.app_spec).Resources[0].TargetService.Properties.LoadBalancerInfo == {
      ContainerName = "shop"
      ContainerPort = 8080
    }
    error_message = "The AppSpec has to name the container behind the load balancer."
  }
}

run "the_test_listener_is_another_one_than_productions" {
  assert {
    condition     = output.test_listener_arn != output.production_listener_arn
    error_message = "Two listeners."
  }

  assert {
    condition     = output.test_url == "http://shop-1.eu-central-1.elb.amazonaws.com:8443"
    error_message = "The gate tests the test listener."
  }

  assert {
    condition     = output.target_groups["blue"].arn != output.target_groups["green"].arn
    error_message = "Two target groups."
  }
}

run "with_a_domain_both_listeners_speak_tls" {
  variables {
    tls = { domain_name = "shop.example.com", zone = { id = "Z0123456789" } }
  }

  assert {
    condition     = output.test_url == "https://shop.example.com:8443" && output.production_url == "https://shop.example.com"
    error_message = "The certificate's name is the one that is asked for."
  }
}

run "a_network_of_the_team_is_used" {
  variables {
    internal = true
    vpc      = { id = "vpc-1", private_subnet_ids = ["subnet-1", "subnet-2"] }
  }

  assert {
    condition     = length(module.network) == 0
    error_message = "No second network."
  }

  assert {
    condition     = yamldecode(output.app_spec).Resources[0].TargetService.Properties.NetworkConfiguration.AwsvpcConfiguration.Subnets == ["subnet-1", "subnet-2"]
    error_message = "Green starts in the private subnets."
  }
}

run "the_gate_comes_to_a_public_load_balancer_through_nat" {
  assert {
    condition     = local.gate_cidrs["gate through NAT 0"] == "203.0.113.7/32" && length(local.gate_cidrs) == 1 && length(local.gate_groups) == 0
    error_message = "A rule that names a security group does not match what comes through NAT."
  }
}

run "and_through_the_teams_own_gateways_where_the_network_is_theirs" {
  variables {
    vpc = { id = "vpc-1", public_subnet_ids = ["subnet-3", "subnet-4"], private_subnet_ids = ["subnet-1", "subnet-2"], nat_public_ips = { a = "203.0.113.9" } }
  }

  assert {
    condition     = local.gate_cidrs["gate through NAT a"] == "203.0.113.9/32" && length(local.gate_cidrs) == 1 && length(local.gate_groups) == 0
    error_message = "The addresses that `vpc.nat_public_ips` names, and no others."
  }
}

run "and_to_an_internal_one_by_its_group" {
  variables {
    internal = true
  }

  assert {
    condition     = contains(keys(local.gate_groups), "gate") && length(local.gate_cidrs) == 0
    error_message = "Private addresses keep the group."
  }
}

run "what_the_same_apply_makes_need_not_be_known" {
  command = plan

  module {
    source = "./tests/fixtures/same-apply"
  }

  assert {
    condition     = output.test_url == "https://shop.example.com:8443"
    error_message = "Whether there is a certificate is known, whatever its ARN."
  }
}

run "the_gate_tells_of_its_verdicts" {
  assert {
    condition     = output.reports_url == "s3://shop-reports-123456789012-eu-central-1/reports/" && output.topic_arn == "arn:aws:sns:eu-central-1:123456789012:shop-deployments"
    error_message = "A bucket of its own, and the topic that hears of failures."
  }
}

run "the_gate_runs_the_checks_that_the_build_publishes" {
  assert {
    condition     = tolist(local.checks) == tolist(["s3://shop-artifacts-123456789012-eu-central-1/checks/{{ deployment.tag }}/"])
    error_message = "Where the build puts them."
  }
}

run "without_a_proof_nobody_knows_the_release" {
  variables {
    proof = "off"
  }

  assert {
    condition     = length(local.checks) == 0
    error_message = "The check files of the package."
  }
}
