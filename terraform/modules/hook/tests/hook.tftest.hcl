mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                        = "shop"
  package                     = "../../tests/fixtures/package.zip"
  codedeploy_application      = "shop"
  codedeploy_deployment_group = "shop-group"
  target                      = "https://shop.example.com:8443"
  ecs_service_arns            = ["arn:aws:ecs:eu-central-1:123456789012:service/shop/shop"]
}

# Each has an ARN of its own, which a mock by type cannot give.
override_resource {
  target = aws_lambda_function.gate
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:CodeDeployHook_shop" }
}

override_resource {
  target = aws_lambda_function.watchdog
  values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:CodeDeployHook_shop_watchdog" }
}

override_resource {
  target = aws_cloudwatch_log_group.this["gate"]
  values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/CodeDeployHook_shop" }
}

override_resource {
  target = aws_cloudwatch_log_group.this["watchdog"]
  values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/CodeDeployHook_shop_watchdog" }
}

override_resource {
  target = aws_iam_role.gate
  values = { arn = "arn:aws:iam::123456789012:role/gate" }
}

override_resource {
  target = aws_iam_role.watchdog
  values = { arn = "arn:aws:iam::123456789012:role/watchdog" }
}

run "the_gate_gets_its_settings_and_no_others" {
  variables {
    connect_to  = "shop-1.elb.amazonaws.com"
    cacert      = "checks/ca.pem"
    checks      = ["checks/storefront.yaml", "checks/login.yaml"]
    tags        = ["critical"]
    variables   = { customer = "demo@example.com" }
    fail_fast   = true
    jobs        = 4
    rate        = "20/s"
    allow_hosts = ["login.example.com", "*.example.net"]
    identity    = { origin = "json:$.version", path = "/version", times = 5 }

    proof_timeout   = 90
    reports         = "s3://shop-reports/reports/"
    notify          = "arn:aws:sns:eu-central-1:123456789012:shop"
    notify_on       = "always"
    checks_fallback = "bundled"
    metrics         = "Shop/Gate"
  }

  assert {
    condition = aws_lambda_function.gate.environment[0].variables == tomap({
      SMOKE_TARGET          = "https://shop.example.com:8443"
      SMOKE_CONNECT_TO      = "shop-1.elb.amazonaws.com"
      SMOKE_CACERT          = "checks/ca.pem"
      SMOKE_CHECKS          = "checks/storefront.yaml,checks/login.yaml"
      SMOKE_TAG             = "critical"
      SMOKE_FAIL_FAST       = "true"
      SMOKE_JOBS            = "4"
      SMOKE_PROOF           = "full"
      SMOKE_IDENTITY        = "json:$.version"
      SMOKE_IDENTITY_PATH   = "/version"
      SMOKE_IDENTITY_TIMES  = "5"
      SMOKE_VAR_customer    = "demo@example.com"
      SMOKE_RATE            = "20/s"
      SMOKE_CHECKS_FALLBACK = "bundled"
      SMOKE_ALLOW_HOSTS     = "login.example.com,*.example.net"

      SMOKE_PROOF_TIMEOUT = "90s"
      SMOKE_REPORTS       = "s3://shop-reports/reports/"
      SMOKE_NOTIFY        = "arn:aws:sns:eu-central-1:123456789012:shop"
      SMOKE_NOTIFY_ON     = "always"
      SMOKE_METRICS       = "Shop/Gate"
    })
    error_message = "The hook refuses names that it does not know."
  }

  assert {
    condition = aws_lambda_function.watchdog.environment[0].variables == tomap({
      SMOKE_REPORTS   = "s3://shop-reports/reports/"
      SMOKE_NOTIFY    = "arn:aws:sns:eu-central-1:123456789012:shop"
      SMOKE_NOTIFY_ON = "always"
      SMOKE_METRICS   = "Shop/Gate"
    })
    error_message = "Who hears of the gate hears of its death."
  }
}

run "what_is_not_said_is_not_set" {
  assert {
    condition     = aws_lambda_function.gate.environment[0].variables == tomap({ SMOKE_TARGET = "https://shop.example.com:8443", SMOKE_PROOF = "full", SMOKE_METRICS = "Greenlight" })
    error_message = "Only the target, the proof and the metrics."
  }

  assert {
    condition     = length(aws_lambda_function.gate.vpc_config) == 0 && length(aws_security_group.this) == 0
    error_message = "Outside a VPC."
  }
}

run "a_gate_that_dies_is_the_watchdogs_at_once" {
  variables {
    alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:shop"]
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.gate.maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.gate.maximum_event_age_in_seconds < 3600
    error_message = "No retries, and no run after CodeDeploy has given up."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.gate.function_name == "CodeDeployHook_shop" && endswith(aws_lambda_function_event_invoke_config.gate.destination_config[0].on_failure[0].destination, ":CodeDeployHook_shop_watchdog")
    error_message = "The watchdog is the destination."
  }

  assert {
    condition     = length(aws_lambda_function.watchdog.vpc_config) == 0 && aws_lambda_function.watchdog.source_code_hash == aws_lambda_function.gate.source_code_hash
    error_message = "The same binary, outside the VPC."
  }

  assert {
    condition     = alltrue([for function in [aws_lambda_function.gate, aws_lambda_function.watchdog] : function.logging_config[0].log_format == "JSON" && function.runtime == "provided.al2023" && startswith(function.function_name, "CodeDeployHook_")])
    error_message = "Levels need JSON, and CodeDeploy's managed policies the name."
  }

  assert {
    condition = { for name, alarm in { watchdog = aws_cloudwatch_metric_alarm.watchdog, undelivered = aws_cloudwatch_metric_alarm.undelivered } : name => [alarm.namespace, alarm.metric_name, alarm.dimensions.FunctionName, alarm.treat_missing_data, one(alarm.alarm_actions)] } == {
      watchdog    = ["AWS/Lambda", "Errors", "CodeDeployHook_shop_watchdog", "notBreaching", "arn:aws:sns:eu-central-1:123456789012:shop"]
      undelivered = ["AWS/Lambda", "DestinationDeliveryFailures", "CodeDeployHook_shop", "notBreaching", "arn:aws:sns:eu-central-1:123456789012:shop"]
    }
    error_message = "Whoever is named hears of a watchdog that failed, and of one that was never called."
  }

  assert {
    condition     = endswith(aws_lambda_function.gate.role, "/gate") && endswith(aws_lambda_function.watchdog.role, "/watchdog")
    error_message = "Each with its own role."
  }

  assert {
    condition     = aws_lambda_function.gate.logging_config[0].log_group == "/aws/lambda/CodeDeployHook_shop" && aws_lambda_function.watchdog.logging_config[0].log_group == "/aws/lambda/CodeDeployHook_shop_watchdog"
    error_message = "And its own log group."
  }
}

run "without_proof_the_roles_may_report_to_one_group_and_do_nothing_else" {
  variables {
    proof = "off"
  }

  assert {
    condition     = aws_lambda_function.gate.environment[0].variables.SMOKE_PROOF == "off"
    error_message = "The hook's own default is the full proof."
  }

  assert {
    condition     = sort(flatten([for statement in data.aws_iam_policy_document.gate.statement : tolist(statement.actions)])) == tolist(["codedeploy:PutLifecycleEventHookExecutionStatus", "lambda:InvokeFunction", "logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "A new action needs a call of the binary."
  }

  assert {
    condition     = sort(flatten([for statement in data.aws_iam_policy_document.watchdog.statement : tolist(statement.actions)])) == tolist(["codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus", "logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "The watchdog reports, says what for, and logs."
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.gate.statement : statement.sid => one(statement.resources) } == {
      ReportTheVerdict = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/shop-group"
      WriteLogs        = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/CodeDeployHook_shop:*"
      CallTheWatchdog  = "arn:aws:lambda:eu-central-1:123456789012:function:CodeDeployHook_shop_watchdog"
    }
    error_message = "The deployment group's ARN, not the application's; its own log; the watchdog."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.watchdog.statement : statement.sid => one(statement.resources) if statement.sid == "WriteLogs" } == { WriteLogs = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/CodeDeployHook_shop_watchdog:*" }
    error_message = "The watchdog writes its own log."
  }

  assert {
    condition     = alltrue([for document in [data.aws_iam_policy_document.gate, data.aws_iam_policy_document.watchdog] : flatten([for statement in document.statement : tolist(statement.resources) if statement.sid == "ReportTheVerdict"]) == ["arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/shop-group"]])
    error_message = "Both report to one group."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.gate.statement : !contains(statement.resources, "*")])
    error_message = "No wildcard."
  }
}

run "the_full_proof_reads_deployment_service_and_listener" {
  assert {
    condition = { for statement in data.aws_iam_policy_document.gate.statement : statement.sid => {
      actions   = sort(statement.actions)
      resources = sort(statement.resources)
      } if startswith(statement.sid, "Read") } == {
      ReadTheDeployment = {
        actions   = tolist(["codedeploy:GetDeployment"])
        resources = tolist(["arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/shop-group"])
      }
      ReadItsTarget = {
        actions   = tolist(["codedeploy:GetDeploymentTarget", "codedeploy:ListDeploymentTargets"])
        resources = tolist(["*"])
      }
      ReadTheService = {
        actions   = tolist(["ecs:DescribeServices"])
        resources = tolist(["arn:aws:ecs:eu-central-1:123456789012:service/shop/shop"])
      }
      ReadTheTaskDefinitionAndTheListener = {
        actions   = tolist(["ecs:DescribeTaskDefinition", "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth"])
        resources = tolist(["*"])
      }
    }
    error_message = "What docs/verdict.md lists, and nothing else."
  }

  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.watchdog.statement : startswith(statement.sid, "Read")])
    error_message = "The watchdog proves nothing."
  }
}

run "the_proof_by_identity_reads_no_listener" {
  variables {
    proof    = "identity"
    identity = { origin = "header:x-app-version" }
  }

  assert {
    condition     = sort(flatten([for statement in data.aws_iam_policy_document.gate.statement : tolist(statement.actions) if startswith(statement.sid, "Read")])) == tolist(["codedeploy:GetDeployment", "codedeploy:GetDeploymentTarget", "codedeploy:ListDeploymentTargets", "ecs:DescribeServices", "ecs:DescribeTaskDefinition"])
    error_message = "The rules of a listener are not looked at."
  }
}

run "the_gate_may_tell_who_its_settings_name_and_nobody_else" {
  variables {
    kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"]
    reports      = "s3://shop-reports/reports/"
    notify       = "arn:aws:sns:eu-central-1:123456789012:shop"
  }

  assert {
    condition = alltrue([for document in [data.aws_iam_policy_document.gate, data.aws_iam_policy_document.watchdog] : { for statement in document.statement : statement.sid => {
      actions    = sort(statement.actions)
      resources  = sort(statement.resources)
      conditions = flatten([for each in statement.condition : each.values])
      } if contains(["KeepReports", "TellTheTopic", "Decrypt", "Encrypt"], statement.sid) } == {
      KeepReports = {
        actions    = tolist(["s3:PutObject"])
        resources  = tolist(["arn:aws:s3:::shop-reports/reports/*"])
        conditions = []
      }
      TellTheTopic = {
        actions    = tolist(["sns:Publish"])
        resources  = tolist(["arn:aws:sns:eu-central-1:123456789012:shop"])
        conditions = []
      }
      Decrypt = {
        actions    = tolist(["kms:Decrypt"])
        resources  = tolist(["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"])
        conditions = ["sns.eu-central-1.amazonaws.com"]
      }
      Encrypt = {
        actions    = tolist(["kms:GenerateDataKey"])
        resources  = tolist(["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"])
        conditions = ["s3.eu-central-1.amazonaws.com", "sns.eu-central-1.amazonaws.com"]
      }
    }])
    error_message = "Every permission names what a setting names; the watchdog tells of the gate's death."
  }
}

run "check_files_read_the_secrets_that_are_named" {
  variables {
    secret_arns    = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/smoke-AbCdEf"]
    parameter_arns = ["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/smoke"]
    kms_key_arns   = ["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"]
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.gate.statement : statement.sid => {
      actions    = sort(statement.actions)
      resources  = sort(statement.resources)
      conditions = flatten([for each in statement.condition : each.values])
      } if contains(["ReadSecrets", "ReadParameters", "Decrypt", "Encrypt"], statement.sid) } == {
      ReadSecrets = {
        actions    = tolist(["secretsmanager:GetSecretValue"])
        resources  = tolist(["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/smoke-AbCdEf"])
        conditions = []
      }
      ReadParameters = {
        actions    = tolist(["ssm:GetParameters"])
        resources  = tolist(["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/smoke"])
        conditions = []
      }
      Decrypt = {
        actions    = tolist(["kms:Decrypt"])
        resources  = tolist(["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"])
        conditions = ["secretsmanager.eu-central-1.amazonaws.com", "ssm.eu-central-1.amazonaws.com"]
      }
    }
    error_message = "Those and no others, and the key through their services only."
  }

  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.watchdog.statement : contains(["ReadSecrets", "ReadParameters", "Decrypt"], statement.sid)])
    error_message = "The watchdog runs no checks."
  }
}

run "the_gate_finds_the_releases_checks_and_nothing_beside_them" {
  variables {
    checks       = ["s3://shop-artifacts/checks/{{ deployment.tag }}/"]
    kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"]
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.gate.statement : statement.sid => {
      actions    = sort(statement.actions)
      resources  = sort(statement.resources)
      conditions = flatten([for each in statement.condition : each.values])
      } if contains(["FindTheChecks", "ReadTheChecks", "Decrypt", "Encrypt"], statement.sid) } == {
      FindTheChecks = {
        actions    = tolist(["s3:ListBucket"])
        resources  = tolist(["arn:aws:s3:::shop-artifacts"])
        conditions = ["checks/*"]
      }
      ReadTheChecks = {
        actions    = tolist(["s3:GetObject"])
        resources  = tolist(["arn:aws:s3:::shop-artifacts/checks/*"])
        conditions = []
      }
      Decrypt = {
        actions    = tolist(["kms:Decrypt"])
        resources  = tolist(["arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"])
        conditions = ["s3.eu-central-1.amazonaws.com"]
      }
    }
    error_message = "Below the part of the key that is the same for every release."
  }
}

run "a_fixed_place_in_s3_is_all_that_the_gate_reads_there" {
  variables {
    checks = ["checks", "s3://shop-checks/smoke/", "s3://shop-checks/orders", "s3://shop-checks/login.yaml"]
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.gate.statement : statement.sid => sort(statement.resources) if endswith(statement.sid, "Checks") } == {
      FindTheChecks = tolist(["arn:aws:s3:::shop-checks"])
      ReadTheChecks = tolist(["arn:aws:s3:::shop-checks/login.yaml", "arn:aws:s3:::shop-checks/orders/*", "arn:aws:s3:::shop-checks/smoke/*"])
    }
    error_message = "A folder is no beginning of another one's name, and a check file no folder."
  }

  assert {
    condition     = flatten([for statement in data.aws_iam_policy_document.gate.statement : sort(one(statement.condition).values) if statement.sid == "FindTheChecks"]) == ["login.yaml", "orders/*", "smoke/*"]
    error_message = "One check file is looked for by its key."
  }
}

run "in_a_vpc_lambda_may_join_it_and_the_code_may_not" {
  variables {
    vpc = { id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"] }
  }

  assert {
    condition     = aws_lambda_function.gate.vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"])
    error_message = "In the subnets that are named."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.gate.statement : one(statement.condition).variable if statement.effect == "Deny"] == ["lambda:SourceFunctionArn"]
    error_message = "What Lambda may do for the function, its code may not."
  }

  assert {
    condition     = sort([for rule in aws_vpc_security_group_egress_rule.this : tostring(rule.from_port)]) == tolist(["443", "8443"])
    error_message = "The APIs and the test listener."
  }
}

run "two_gates_of_a_name_stand_in_two_regions" {
  variables {
    name = "the-gate-of-our-storefronts-one"
  }

  override_data {
    target = data.aws_region.this
    values = { id = "ap-southeast-1" }
  }

  assert {
    condition     = aws_iam_role.gate.name == "the-gate-of-our-storefronts-one-gate-ap-southeast-1" && aws_iam_role.watchdog.name == "the-gate-of-our-storefronts-one-watchdog-ap-southeast-1"
    error_message = "Roles belong to the account."
  }

  assert {
    condition     = max(length(aws_iam_role.watchdog.name), length(aws_lambda_function.watchdog.function_name)) <= 64
    error_message = "The longest name fits."
  }
}

run "the_port_of_the_target_is_let_out" {
  variables {
    target = "https://shop.example.com:9443/"
    vpc    = { id = "vpc-1", subnet_ids = ["subnet-1"] }
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_egress_rule.this : name => rule.from_port } == { "AWS APIs" = 443, "Test listener" = 9443 }
    error_message = "The test listener's port, whichever it is."
  }
}

run "a_target_on_443_needs_one_rule" {
  variables {
    target = "https://shop.example.com"
    vpc    = { id = "vpc-1", subnet_ids = ["subnet-1"] }
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_egress_rule.this : name => rule.from_port } == { "AWS APIs" = 443 }
    error_message = "A security group takes no rule twice."
  }
}

run "plain_http_goes_out_on_80" {
  variables {
    target = "http://shop.internal/"
    vpc    = { id = "vpc-1", subnet_ids = ["subnet-1"] }
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_egress_rule.this : name => rule.from_port } == { "AWS APIs" = 443, "Test listener" = 80 }
    error_message = "The scheme's own port."
  }
}

run "settings_that_lambda_does_not_take_are_refused" {
  command = plan

  variables {
    variables = { for number in range(40) : "v${number}" => join("", [for each in range(100) : "x"]) }
  }

  expect_failures = [aws_lambda_function.gate]
}

# One run for each validation.

run "a_target_without_a_scheme_is_refused" {
  command = plan

  variables {
    target = "shop.example.com:8443"
  }

  expect_failures = [var.target]
}

run "a_certificate_in_place_of_its_file_is_refused" {
  command = plan

  variables {
    cacert = "-----BEGIN CERTIFICATE-----"
  }

  expect_failures = [var.cacert]
}

run "a_proof_that_may_look_at_no_service_is_refused" {
  command = plan

  variables {
    ecs_service_arns = []
  }

  expect_failures = [var.ecs_service_arns]
}

run "a_target_port_that_is_none_is_refused" {
  command = plan

  variables {
    target_port = 0
  }

  expect_failures = [var.target_port]
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "a_package_that_is_no_zip_is_refused" {
  command = plan

  variables {
    package = "../../tests/fixtures/README.md"
  }

  expect_failures = [var.package]
}

run "an_unknown_processor_is_refused" {
  command = plan

  variables {
    architecture = "ARM64"
  }

  expect_failures = [var.architecture]
}

run "a_variable_with_a_hyphen_is_refused" {
  command = plan

  variables {
    variables = { "my-name" = "x" }
  }

  expect_failures = [var.variables]
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

run "no_check_at_a_time_is_refused" {
  command = plan

  variables {
    jobs = 0
  }

  expect_failures = [var.jobs]
}

run "a_timeout_above_lambdas_is_refused" {
  command = plan

  variables {
    timeout = 901
  }

  expect_failures = [var.timeout]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    memory = 64
  }

  expect_failures = [var.memory]
}

run "checks_with_a_comma_are_refused" {
  command = plan

  variables {
    checks = ["checks/a.yaml,checks/b.yaml"]
  }

  expect_failures = [var.checks]
}

run "a_proof_without_an_end_is_refused" {
  command = plan

  variables {
    proof_timeout = 300
  }

  expect_failures = [var.proof_timeout]
}

run "a_namespace_of_aws_is_refused" {
  command = plan

  variables {
    metrics = "AWS/Lambda"
  }

  expect_failures = [var.metrics]
}

run "a_report_without_a_bucket_is_refused" {
  command = plan

  variables {
    reports = "shop-reports"
  }

  expect_failures = [var.reports]
}

run "a_topic_that_is_none_is_refused" {
  command = plan

  variables {
    notify = "team@example.com"
  }

  expect_failures = [var.notify]
}

run "an_unknown_occasion_is_refused" {
  command = plan

  variables {
    notify_on = "never"
  }

  expect_failures = [var.notify_on]
}

run "the_alias_of_a_key_is_refused" {
  command = plan

  variables {
    kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:alias/shop"]
  }

  expect_failures = [var.kms_key_arns]
}

run "every_secret_is_refused" {
  command = plan

  variables {
    secret_arns = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:*"]
  }

  expect_failures = [var.secret_arns]
}

run "every_parameter_is_refused" {
  command = plan

  variables {
    parameter_arns = ["arn:aws:ssm:eu-central-1:123456789012:parameter/*"]
  }

  expect_failures = [var.parameter_arns]
}

run "an_allowed_url_is_refused" {
  command = plan

  variables {
    allow_hosts = ["https://login.example.com/token"]
  }

  expect_failures = [var.allow_hosts]
}

run "a_rate_without_a_time_is_refused" {
  command = plan

  variables {
    rate = "20"
  }

  expect_failures = [var.rate]
}

run "a_whole_bucket_of_checks_is_refused" {
  command = plan

  variables {
    checks = ["s3://shop-artifacts/{{ deployment.tag }}/"]
  }

  expect_failures = [var.checks]
}

run "a_placeholder_without_a_proof_is_refused" {
  command = plan

  variables {
    checks = ["s3://shop-artifacts/checks/{{ deployment.tag }}/"]
    proof  = "off"
  }

  expect_failures = [var.checks]
}

run "an_unknown_fallback_is_refused" {
  command = plan

  variables {
    checks_fallback = "blue"
  }

  expect_failures = [var.checks_fallback]
}
