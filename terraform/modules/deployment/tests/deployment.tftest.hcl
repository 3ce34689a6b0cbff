mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                     = "shop"
  application_name         = "shop"
  deployment_group_name    = "shop-group"
  cluster_name             = "shop-cluster"
  service_name             = "shop-service"
  container_name           = "shop"
  container_port           = 8080
  network                  = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  load_balancer_arn_suffix = "app/shop/1"
  production_listener_arn  = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/1/prod"
  test_listener_arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/1/test"
  target_groups            = { blue = { name = "shop-blue", arn_suffix = "targetgroup/shop-blue/1" }, green = { name = "shop-green", arn_suffix = "targetgroup/shop-green/2" } }
  hook                     = { function_name = "CodeDeployHook_shop", function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:CodeDeployHook_shop" }
  pass_role_arns           = ["arn:aws:iam::123456789012:role/shop-task"]
  traffic                  = { type = "all_at_once" }
  termination_wait         = 5
  alarm_5xx_per_minute     = 10
}

run "the_group_moves_traffic_between_the_two_target_groups" {
  assert {
    condition     = toset([for group in aws_codedeploy_deployment_group.this.load_balancer_info[0].target_group_pair_info[0].target_group : group.name]) == toset(["shop-blue", "shop-green"])
    error_message = "Both target groups are in the pair."
  }

  assert {
    condition     = endswith(one(aws_codedeploy_deployment_group.this.load_balancer_info[0].target_group_pair_info[0].prod_traffic_route[0].listener_arns), "/prod") && endswith(one(aws_codedeploy_deployment_group.this.load_balancer_info[0].target_group_pair_info[0].test_traffic_route[0].listener_arns), "/test")
    error_message = "Each route has its listener."
  }

  assert {
    condition     = aws_codedeploy_deployment_group.this.auto_rollback_configuration[0].enabled && contains(aws_codedeploy_deployment_group.this.auto_rollback_configuration[0].events, "DEPLOYMENT_FAILURE")
    error_message = "The gate's Failed rolls back."
  }

  assert {
    condition     = aws_codedeploy_deployment_group.this.deployment_config_name == "CodeDeployDefault.ECSAllAtOnce" && length(aws_codedeploy_deployment_config.this) == 0
    error_message = "All at once needs no configuration of its own."
  }

  assert {
    condition     = one(aws_codedeploy_deployment_group.this.blue_green_deployment_config).terminate_blue_instances_on_deployment_success[0].termination_wait_time_in_minutes == 5 && one(aws_codedeploy_deployment_group.this.blue_green_deployment_config).deployment_ready_option[0].action_on_timeout == "CONTINUE_DEPLOYMENT"
    error_message = "Blue lives on for its time, and nobody has to push a button."
  }

  assert {
    condition     = one(aws_codedeploy_deployment_group.this.deployment_style).deployment_option == "WITH_TRAFFIC_CONTROL" && one(aws_codedeploy_deployment_group.this.deployment_style).deployment_type == "BLUE_GREEN" && aws_codedeploy_app.this.compute_platform == "ECS"
    error_message = "The only style that ECS has."
  }
}

run "alarms_count_at_the_targets" {
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.errors : alarm.metric_name == "HTTPCode_Target_5XX_Count" && contains(keys(alarm.dimensions), "TargetGroup")])
    error_message = "The 503 of an empty target group is the load balancer's and rolls nothing back."
  }

  assert {
    condition     = length(aws_codedeploy_deployment_group.this.alarm_configuration[0].alarms) == 2 && aws_codedeploy_deployment_group.this.alarm_configuration[0].enabled
    error_message = "Both alarms stop a deployment."
  }
}

run "each_alarm_counts_its_own_group_and_tells_those_who_are_named" {
  variables {
    alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:shop"]
  }

  assert {
    condition = { for colour, alarm in aws_cloudwatch_metric_alarm.errors : colour => [alarm.dimensions.LoadBalancer, alarm.dimensions.TargetGroup, alarm.treat_missing_data, one(alarm.alarm_actions)] } == {
      blue  = ["app/shop/1", "targetgroup/shop-blue/1", "notBreaching", "arn:aws:sns:eu-central-1:123456789012:shop"]
      green = ["app/shop/1", "targetgroup/shop-green/2", "notBreaching", "arn:aws:sns:eu-central-1:123456789012:shop"]
    }
    error_message = "A group without requests has no datapoint, and is well."
  }
}

run "a_fix_gets_past_the_alarm_that_it_is_for" {
  variables {
    stop_on_alarm = false
  }

  assert {
    condition     = !aws_codedeploy_deployment_group.this.alarm_configuration[0].enabled && length(aws_codedeploy_deployment_group.this.alarm_configuration[0].alarms) == 2
    error_message = "The alarms are there, and stop nothing."
  }
}

run "codedeploy_may_move_this_service_and_ask_this_gate" {
  variables {
    revision_arns = ["arn:aws:s3:::shop-artifacts/shop/*"]
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.codedeploy.statement : statement.sid => {
      actions    = sort(statement.actions)
      resources  = sort(statement.resources)
      conditions = { for each in statement.condition : each.variable => one(each.values) }
      } if !contains(["ReadListenersAndAlarms", "MoveTrafficOfRules"], statement.sid) } == {
      StartGreen = {
        actions   = tolist(["ecs:CreateTaskSet"])
        resources = tolist(["*"])
        conditions = {
          "ecs:cluster" = "arn:aws:ecs:eu-central-1:123456789012:cluster/shop-cluster"
          "ecs:service" = "arn:aws:ecs:eu-central-1:123456789012:service/shop-cluster/shop-service"
        }
      }
      MoveTheService = {
        actions    = tolist(["ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet"])
        resources  = tolist(["arn:aws:ecs:eu-central-1:123456789012:service/shop-cluster/shop-service"])
        conditions = {}
      }
      StopBlue = {
        actions    = tolist(["ecs:DeleteTaskSet"])
        resources  = tolist(["arn:aws:ecs:eu-central-1:123456789012:task-set/shop-cluster/shop-service/*"])
        conditions = {}
      }
      MoveTraffic = {
        actions    = tolist(["elasticloadbalancing:ModifyListener"])
        resources  = tolist(["arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/1/prod", "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/1/test"])
        conditions = {}
      }
      AskTheGate = {
        actions    = tolist(["lambda:InvokeFunction"])
        resources  = tolist(["arn:aws:lambda:eu-central-1:123456789012:function:CodeDeployHook_shop"])
        conditions = {}
      }
      GiveTasksTheirRoles = {
        actions    = tolist(["iam:PassRole"])
        resources  = tolist(["arn:aws:iam::123456789012:role/shop-task"])
        conditions = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" }
      }
      ReadTheRevision = {
        actions    = tolist(["s3:GetObject", "s3:GetObjectVersion"])
        resources  = tolist(["arn:aws:s3:::shop-artifacts/shop/*"])
        conditions = {}
      }
    }
    error_message = "This service, these listeners, this gate, these roles, these revisions."
  }

  assert {
    condition     = [one(one(data.aws_iam_policy_document.trust.statement).principals).identifiers, one(one(one(data.aws_iam_policy_document.trust.statement).condition).values)] == [toset(["codedeploy.amazonaws.com"]), "123456789012"] && aws_iam_role.this.name == "shop-codedeploy-eu-central-1"
    error_message = "CodeDeploy takes it, on this account's behalf."
  }

  assert {
    condition     = flatten([for statement in data.aws_iam_policy_document.codedeploy.statement : tolist(statement.resources) if statement.sid == "AskTheGate"]) == ["arn:aws:lambda:eu-central-1:123456789012:function:CodeDeployHook_shop"]
    error_message = "This function and no other."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.codedeploy.statement : length([for action in statement.actions : action if strcontains(action, ":Describe") || action == "ecs:CreateTaskSet"]) == length(statement.actions) if contains(statement.resources, "*")])
    error_message = "Only reading knows no resource, and what starts green."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.codedeploy.statement : one(one(statement.condition).values) if contains(statement.actions, "iam:PassRole")] == ["ecs-tasks.amazonaws.com"]
    error_message = "Roles are passed to tasks only."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.codedeploy.statement : contains(statement.resources, "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener-rule/app/shop/1/test/*")])
    error_message = "Rules have ARNs of their own kind."
  }
}

run "a_canary_is_a_configuration_of_its_own" {
  variables {
    traffic = { type = "canary", percentage = 20, interval = 3 }
  }

  assert {
    condition     = aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].time_based_canary[0].percentage == 20 && aws_codedeploy_deployment_group.this.deployment_config_name == "shop-canary-20-every-3"
    error_message = "A fifth, then all."
  }
}

run "linear_is_too" {
  variables {
    traffic = { type = "linear", percentage = 25, interval = 2 }
  }

  assert {
    condition     = aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].type == "TimeBasedLinear" && aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].time_based_linear[0].interval == 2
    error_message = "A quarter every two minutes."
  }
}

# One run for each validation.

run "a_name_too_long_for_a_role_is_refused" {
  command = plan

  variables {
    name = "the-deployments-of-our-storefront"
  }

  expect_failures = [var.name]
}

run "a_whole_bucket_of_revisions_is_refused" {
  command = plan

  variables {
    revision_arns = ["arn:aws:s3:::shop-artifacts/*"]
  }

  expect_failures = [var.revision_arns]
}

run "one_listener_for_both_is_refused" {
  command = plan

  variables {
    test_listener_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/1/prod"
  }

  expect_failures = [var.test_listener_arn]
}

run "a_listener_of_another_load_balancer_is_refused" {
  command = plan

  variables {
    test_listener_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/2/test"
  }

  expect_failures = [var.test_listener_arn]
}

run "one_target_group_is_refused" {
  command = plan

  variables {
    target_groups = { blue = { name = "shop-blue", arn_suffix = "targetgroup/shop-blue/1" } }
  }

  expect_failures = [var.target_groups]
}

run "an_unknown_traffic_is_refused" {
  command = plan

  variables {
    traffic = { type = "rolling" }
  }

  expect_failures = [var.traffic]
}

run "a_percentage_of_a_hundred_is_refused" {
  command = plan

  variables {
    traffic = { type = "canary", percentage = 100 }
  }

  expect_failures = [var.traffic]
}

run "an_interval_of_nothing_is_refused" {
  command = plan

  variables {
    traffic = { type = "linear", interval = 0 }
  }

  expect_failures = [var.traffic]
}

run "a_wait_of_three_days_is_refused" {
  command = plan

  variables {
    termination_wait = 4320
  }

  expect_failures = [var.termination_wait]
}

run "an_alarm_at_nothing_is_refused" {
  command = plan

  variables {
    alarm_5xx_per_minute = 0
  }

  expect_failures = [var.alarm_5xx_per_minute]
}

run "eleven_alarms_are_refused" {
  command = plan

  variables {
    alarm_names = ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
  }

  expect_failures = [var.alarm_names]
}
