# A member with a wrong name would be dropped without a word: one run for each.

mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  repository = "example/shop"
  package    = "../../tests/fixtures/package.zip"
}

# The two listeners have ARNs of their own, which a mock by type cannot give.
override_resource {
  target = module.greenlight.module.load_balancer.aws_lb_listener.production
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/0123456789abcdef/1111111111111111" }
}

override_resource {
  target = module.greenlight.module.load_balancer.aws_lb_listener.test
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/0123456789abcdef/2222222222222222" }
}

run "an_application_on_another_port_is_configured" {
  variables {
    container_port       = 3000
    health_check_path    = "/health/"
    termination_wait     = 0
    architecture         = "ARM64"
    scaling              = { min = 1, requests = 500 }
    traffic              = { type = "all_at_once" }
    identity             = { origin = "header:x-app-version" }
    hook                 = { checks_fallback = "none", secret_arns = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/smoke-AbCdEf"] }
    protect              = true
    alarm_5xx_per_minute = 50
    stop_on_alarm        = false
  }

  assert {
    condition     = yamldecode(module.greenlight.app_spec).Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerPort == 3000
    error_message = "Green is asked on the port that it listens on."
  }
}

run "a_hook_setting_that_is_none_is_refused" {
  command = plan

  variables {
    hook = { secrets_arns = [] }
  }

  expect_failures = [var.hook]
}

run "a_scaling_target_that_is_none_is_refused" {
  command = plan

  variables {
    scaling = { request = 1000 }
  }

  expect_failures = [var.scaling]
}

run "a_word_on_traffic_that_is_none_is_refused" {
  command = plan

  variables {
    traffic = { type = "canary", percent = 10 }
  }

  expect_failures = [var.traffic]
}

run "a_word_on_identity_that_is_none_is_refused" {
  command = plan

  variables {
    identity = { origin = "json:$.version", pth = "/version" }
  }

  expect_failures = [var.identity]
}
