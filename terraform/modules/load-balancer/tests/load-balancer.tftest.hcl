mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                 = "shop"
  vpc_id               = "vpc-1"
  subnet_ids           = ["subnet-1", "subnet-2"]
  internal             = false
  tls                  = { domain_name = "shop.example.com", certificate = { arn = "arn:aws:acm:eu-central-1:123456789012:certificate/given" } }
  test_port            = 8443
  production_cidrs     = ["0.0.0.0/0"]
  test_cidrs           = { gate = "203.0.113.7/32" }
  container_port       = 8080
  health_check_path    = "/healthz"
  deregistration_delay = 30
  protect              = false
}

run "a_certificate_of_the_team_serves_443_and_8443" {
  assert {
    condition     = aws_lb_listener.production.port == 443 && aws_lb_listener.test.port == 8443
    error_message = "Production on 443, the test listener on 8443."
  }

  assert {
    condition     = alltrue([for listener in [aws_lb_listener.production, aws_lb_listener.test] : listener.protocol == "HTTPS" && endswith(listener.certificate_arn, "/given")])
    error_message = "Both listeners speak TLS with the certificate that was given."
  }

  assert {
    condition     = aws_lb_listener.redirect[0].port == 80 && aws_lb_listener.redirect[0].default_action[0].redirect[0].port == "443"
    error_message = "Port 80 redirects."
  }

  assert {
    condition     = length(aws_acm_certificate.this) == 0 && length(aws_route53_record.this) == 0
    error_message = "No certificate and no record where none is asked for."
  }
}

run "only_those_who_are_named_reach_the_test_listener" {
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.test_cidr : rule.cidr_ipv4] == ["203.0.113.7/32"]
    error_message = "The gate, and nobody else."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.production : contains([80, 443], rule.from_port) && rule.from_port == rule.to_port])
    error_message = "Customers do not reach the test port."
  }
}

run "a_healthy_task_answers_200_at_its_path" {
  assert {
    condition     = { for colour, group in aws_lb_target_group.this : colour => [group.name, one(group.health_check).path, one(group.health_check).matcher, group.target_type] } == { blue = ["shop-blue", "/healthz", "200", "ip"], green = ["shop-green", "/healthz", "200", "ip"] }
    error_message = "Both groups ask for it."
  }
}

run "both_target_groups_have_a_listener_from_the_start" {
  variables {
    # Known before anything is made, so that they can be told apart.
    name = "shop"
  }

  override_resource {
    target = aws_lb_target_group.this["blue"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-blue/1" }
  }

  override_resource {
    target = aws_lb_target_group.this["green"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-green/2" }
  }

  assert {
    condition     = aws_lb_listener.production.default_action[0].target_group_arn == aws_lb_target_group.this["blue"].arn
    error_message = "Production begins with blue."
  }

  assert {
    condition     = aws_lb_listener.test.default_action[0].target_group_arn == aws_lb_target_group.this["green"].arn
    error_message = "The test listener begins with green."
  }
}

run "a_zone_gets_the_certificate_and_the_name" {
  variables {
    tls = { domain_name = "shop.example.com", zone = { id = "Z1" } }
  }

  assert {
    condition     = aws_acm_certificate.this[0].validation_method == "DNS" && aws_route53_record.validation[0].type == "CNAME"
    error_message = "The certificate is proven in the zone."
  }

  assert {
    condition     = aws_route53_record.this[0].name == "shop.example.com" && endswith(aws_lb_listener.test.certificate_arn, "/made")
    error_message = "The name leads to the load balancer, with its certificate."
  }
}

run "without_a_domain_both_speak_plain_http" {
  variables {
    tls = null
  }

  assert {
    condition     = aws_lb_listener.production.port == 80 && aws_lb_listener.test.port == 8443 && aws_lb_listener.test.protocol == "HTTP"
    error_message = "Port 80 and 8443, without TLS."
  }

  assert {
    condition     = length(aws_lb_listener.redirect) == 0
    error_message = "Nothing to redirect to."
  }
}

run "an_internal_load_balancer_lets_the_gates_group_in" {
  variables {
    internal                = true
    test_cidrs              = {}
    test_security_group_ids = { gate = "sg-gate" }
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.test_group["gate"].referenced_security_group_id == "sg-gate" && aws_vpc_security_group_ingress_rule.test_group["gate"].from_port == 8443
    error_message = "The group of the gate, at the test port."
  }
}

run "production_is_protected_where_it_is_asked_for" {
  variables {
    protect = true
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection
    error_message = "A destroy does not take it."
  }
}

run "what_codedeploy_made_of_the_listeners_stays" {
  plan_options {
    replace = [aws_lb_target_group.this["blue"], aws_lb_target_group.this["green"]]
  }

  override_resource {
    target = aws_lb_target_group.this["blue"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-blue/3" }
  }

  override_resource {
    target = aws_lb_target_group.this["green"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-green/4" }
  }

  assert {
    condition     = endswith(aws_lb_target_group.this["blue"].arn, "/3") && endswith(aws_lb_target_group.this["green"].arn, "/4")
    error_message = "They are new."
  }

  assert {
    condition     = !endswith(aws_lb_listener.production.default_action[0].target_group_arn, "/3") && !endswith(aws_lb_listener.test.default_action[0].target_group_arn, "/4")
    error_message = "Every deployment rewrites the actions: Terraform sets them once."
  }
}

# One run for each validation.

run "a_name_too_long_for_a_target_group_is_refused" {
  command = plan

  variables {
    name = "the-storefront-of-our-shops"
  }

  expect_failures = [var.name]
}

run "one_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_domain_with_a_scheme_is_refused" {
  command = plan

  variables {
    tls = { domain_name = "https://shop.example.com", zone = { id = "Z1" } }
  }

  expect_failures = [var.tls]
}

run "a_domain_without_certificate_and_zone_is_refused" {
  command = plan

  variables {
    tls = { domain_name = "shop.example.com" }
  }

  expect_failures = [var.tls]
}

run "a_certificate_that_is_no_arn_is_refused" {
  command = plan

  variables {
    tls = { domain_name = "shop.example.com", certificate = { arn = "given" } }
  }

  expect_failures = [var.tls]
}

run "a_port_that_is_none_is_refused" {
  command = plan

  variables {
    test_port = 70000
  }

  expect_failures = [var.test_port]
}

run "productions_port_is_refused" {
  command = plan

  variables {
    test_port = 443
  }

  expect_failures = [var.test_port]
}

run "a_test_listener_open_to_the_internet_is_refused" {
  command = plan

  variables {
    test_cidrs = { everybody = "0.0.0.0/0" }
  }

  expect_failures = [var.test_cidrs]
}

run "a_name_that_describes_no_rule_is_refused" {
  command = plan

  variables {
    test_cidrs = { "Büro" = "198.51.100.0/24" }
  }

  expect_failures = [var.test_cidrs]
}

run "one_range_under_two_names_is_refused" {
  command = plan

  variables {
    test_cidrs = { office = "198.51.100.0/24", home = "198.51.100.0/24" }
  }

  expect_failures = [var.test_cidrs]
}

run "a_group_whose_name_describes_no_rule_is_refused" {
  command = plan

  variables {
    test_security_group_ids = { "the gate's" = "sg-gate" }
  }

  expect_failures = [var.test_security_group_ids]
}

run "a_production_range_that_is_none_is_refused" {
  command = plan

  variables {
    production_cidrs = ["everywhere"]
  }

  expect_failures = [var.production_cidrs]
}

run "a_path_without_slash_is_refused" {
  command = plan

  variables {
    health_check_path = "healthz"
  }

  expect_failures = [var.health_check_path]
}

run "a_delay_above_an_hour_is_refused" {
  command = plan

  variables {
    deregistration_delay = 3601
  }

  expect_failures = [var.deregistration_delay]
}
