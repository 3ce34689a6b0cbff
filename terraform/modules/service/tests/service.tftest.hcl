mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                            = "shop"
  vpc_id                          = "vpc-1"
  subnet_ids                      = ["subnet-1", "subnet-2"]
  load_balancer_security_group_id = "sg-alb"
  target_group_arn                = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-blue/1"
  request_metric                  = { load_balancer = "app/shop/1", target_groups = { blue = "targetgroup/shop-blue/1", green = "targetgroup/shop-green/2" } }
  container_port                  = 8080
  health_check_path               = "/healthz"
  cpu                             = 256
  memory                          = 512
  architecture                    = "X86_64"
  ecr_repository_arn              = "arn:aws:ecr:eu-central-1:123456789012:repository/shop"
  scaling                         = { min = 2, max = 6, cpu = 60, requests = 1000 }
  execute_command                 = false
  log_retention_days              = 30
  container_insights              = false
}

# Each has an ARN of its own, which a mock by type cannot give.
override_resource {
  target = aws_iam_role.execution
  values = { arn = "arn:aws:iam::123456789012:role/execution" }
}

override_resource {
  target = aws_iam_role.task
  values = { arn = "arn:aws:iam::123456789012:role/task" }
}

override_resource {
  target = aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/shop" }
}

run "the_service_is_codedeploys" {
  assert {
    condition     = aws_ecs_service.this.deployment_controller[0].type == "CODE_DEPLOY" && length(aws_ecs_service.this.load_balancer) == 1
    error_message = "CODE_DEPLOY, and one target group: two leave the first deployment stuck."
  }

  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "No public addresses."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.load_balancer.referenced_security_group_id == "sg-alb" && aws_vpc_security_group_ingress_rule.load_balancer.from_port == 8080
    error_message = "The load balancer's group reaches the container's port."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.load_balancer.security_group_id == "sg-alb"
    error_message = "And may leave for it."
  }
}

run "the_pipeline_finds_the_placeholder" {
  assert {
    condition     = strcontains(output.task_definition_template, "\"image\":\"<IMAGE1_NAME>\"")
    error_message = "Angle brackets as they are: escaped ones are not replaced."
  }

  assert {
    condition     = alltrue([for roles in [[aws_ecs_task_definition.this.execution_role_arn, aws_ecs_task_definition.this.task_role_arn], [jsondecode(output.task_definition_template).executionRoleArn, jsondecode(output.task_definition_template).taskRoleArn], [output.role_arns.execution, output.role_arns.task]] : endswith(roles[0], "/execution") && endswith(roles[1], "/task")])
    error_message = "ECS starts tasks with the one role, and the application has the other."
  }

  assert {
    condition     = jsondecode(output.task_definition_template).containerDefinitions[0].portMappings[0].containerPort == 8080
    error_message = "The container's port."
  }
}

run "scaling_by_requests_counts_both_target_groups" {
  assert {
    condition     = [for metric in aws_appautoscaling_policy.requests[0].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics : metric.expression if metric.id == "requests"] == ["FILL(blue, 0) + FILL(green, 0)"]
    error_message = "Production leaves one group in every deployment."
  }

  assert {
    condition     = keys(aws_appautoscaling_policy.this) == ["cpu"]
    error_message = "What is null does not scale."
  }
}

run "scaling_by_cpu_and_memory_aims_at_their_averages" {
  variables {
    scaling = { min = 2, max = 6, cpu = 60, memory = 75 }
  }

  assert {
    condition = { for name, policy in aws_appautoscaling_policy.this : one(one(policy.target_tracking_scaling_policy_configuration).predefined_metric_specification).predefined_metric_type => one(policy.target_tracking_scaling_policy_configuration).target_value } == {
      ECSServiceAverageCPUUtilization    = 60
      ECSServiceAverageMemoryUtilization = 75
    }
    error_message = "Each by its own metric."
  }

  assert {
    condition     = aws_appautoscaling_target.this.max_capacity == 6 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "Up to its bound, and by nothing else."
  }
}

run "the_application_may_do_nothing_by_itself" {
  assert {
    condition     = length(aws_iam_role_policy.execute_command) == 0
    error_message = "A shell only where it is asked for."
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.execution.statement : statement.sid => { actions = sort(statement.actions), resources = sort(statement.resources) } } == {
      SignInToEcr  = { actions = tolist(["ecr:GetAuthorizationToken"]), resources = tolist(["*"]) }
      PullTheImage = { actions = tolist(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]), resources = tolist(["arn:aws:ecr:eu-central-1:123456789012:repository/shop"]) }
      WriteLogs    = { actions = tolist(["logs:CreateLogStream", "logs:PutLogEvents"]), resources = tolist(["arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/shop:*"]) }
    }
    error_message = "ECS pulls from this repository and writes to this log; only the sign-in to ECR knows no resource."
  }

  assert {
    condition     = { for name, document in data.aws_iam_policy_document.trust : name => concat(tolist(one(one(document.statement).principals).identifiers), flatten([for each in one(document.statement).condition : tolist(each.values)])) } == { execution = ["ecs-tasks.amazonaws.com"], task = ["ecs-tasks.amazonaws.com", "123456789012"] }
    error_message = "Tasks take them, the application's on this account's behalf only."
  }

  assert {
    condition     = aws_iam_role.execution.name == "shop-execution-eu-central-1" && aws_iam_role.task.name == "shop-task-eu-central-1"
    error_message = "Roles belong to the account, services to a Region."
  }
}

run "a_placeholder_answers_below_any_path" {
  variables {
    health_check_path = "/health/?deep=$(id)&x='y'"
    container_port    = 3000
  }

  assert {
    condition     = slice(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].command, 3, 7) == ["placeholder", "/srv", "/health/index.html", "3000"]
    error_message = "The path is an argument, and a folder answers with its index.html."
  }

  assert {
    condition     = !strcontains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].command[2], "health")
    error_message = "And no part of the script."
  }
}

run "an_image_of_the_team_needs_no_placeholder" {
  variables {
    initial_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:first"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].image == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:first" && !contains(keys(jsondecode(aws_ecs_task_definition.this.container_definitions)[0]), "command")
    error_message = "It starts with its own command."
  }
}

run "secrets_under_the_teams_key_are_read_through_their_services" {
  variables {
    secrets              = { PASSWORD = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf" }
    secrets_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"]
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.execution.statement : [one(statement.actions), one(statement.resources), one(one(statement.condition).values)] if statement.sid == "Decrypt"] == [["kms:Decrypt", "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d", "secretsmanager.eu-central-1.amazonaws.com"]]
    error_message = "The key, for what is read."
  }
}

run "a_shell_is_there_where_it_is_asked_for" {
  variables {
    execute_command = true
  }

  assert {
    condition     = length(aws_iam_role_policy.execute_command) == 1 && aws_ecs_service.this.enable_execute_command
    error_message = "The role and the switch."
  }
}

run "a_task_gets_the_secrets_that_are_named" {
  variables {
    secrets = { PASSWORD = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf:password::", REGION = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/region" }
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.execution.statement : one(statement.actions) => one(statement.resources) if contains(["ReadSecrets", "ReadParameters"], statement.sid) } == {
      "secretsmanager:GetSecretValue" = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
      "ssm:GetParameters"             = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/region"
    }
    error_message = "The secret and the parameter that are named, each to its service, and no other."
  }
}

run "what_a_deployment_and_scaling_own_stays_as_they_left_it" {
  plan_options {
    replace = [aws_ecs_task_definition.this]
  }

  variables {
    cpu              = 512
    memory           = 1024
    target_group_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-green/2"
    subnet_ids       = ["subnet-3", "subnet-4"]
    scaling          = { min = 4, max = 8 }
  }

  # The revision that the new size makes.
  override_resource {
    target = aws_ecs_task_definition.this
    values = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:2" }
  }

  assert {
    condition     = endswith(aws_ecs_task_definition.this.arn, "/shop:2") && endswith(aws_ecs_service.this.task_definition, "/shop:1")
    error_message = "ECS refuses another revision from anybody but CodeDeploy."
  }

  assert {
    condition     = endswith(one(aws_ecs_service.this.load_balancer).target_group_arn, "/shop-blue/1") && one(aws_ecs_service.this.network_configuration).subnets == toset(["subnet-1", "subnet-2"])
    error_message = "Nor may the target group and the network change."
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 2 && aws_appautoscaling_target.this.min_capacity == 4
    error_message = "Scaling sets the number of tasks, within its bounds."
  }
}

# One run for each validation.

run "a_name_too_long_for_a_role_is_refused" {
  command = plan

  variables {
    name = "the-service-of-all-our-storefront"
  }

  expect_failures = [var.name]
}

run "a_path_that_names_no_file_is_refused" {
  command = plan

  variables {
    health_check_path = "/../health"
  }

  expect_failures = [var.health_check_path]
}

run "the_alias_of_a_key_is_refused" {
  command = plan

  variables {
    secrets_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/shop"]
  }

  expect_failures = [var.secrets_kms_key_arns]
}

run "a_container_port_that_is_none_is_refused" {
  command = plan

  variables {
    container_port = 0
  }

  expect_failures = [var.container_port]
}

run "a_cpu_that_fargate_does_not_have_is_refused" {
  command = plan

  variables {
    cpu    = 300
    memory = 600
  }

  expect_failures = [var.cpu]
}

run "a_memory_that_fargate_does_not_have_is_refused" {
  command = plan

  variables {
    memory = 1536
  }

  expect_failures = [var.memory]
}

run "an_unknown_processor_is_refused" {
  command = plan

  variables {
    architecture = "x86"
  }

  expect_failures = [var.architecture]
}

run "a_secret_that_is_no_arn_is_refused" {
  command = plan

  variables {
    secrets = { PASSWORD = "hunter2" }
  }

  expect_failures = [var.secrets]
}

run "no_task_is_refused" {
  command = plan

  variables {
    scaling = { min = 0, max = 6 }
  }

  expect_failures = [var.scaling]
}

run "a_scaling_backwards_is_refused" {
  command = plan

  variables {
    scaling = { min = 3, max = 2 }
  }

  expect_failures = [var.scaling]
}
