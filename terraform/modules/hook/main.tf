locals {
  gate     = "CodeDeployHook_${var.name}"
  watchdog = "CodeDeployHook_${var.name}_watchdog"

  # A destroy works without the package.
  package_hash = fileexists(var.package) ? filebase64sha256(var.package) : null

  # Where the verdict is told, by the gate and by the watchdog.
  sinks = { for name, value in {
    SMOKE_REPORTS   = var.reports
    SMOKE_NOTIFY    = var.notify
    SMOKE_NOTIFY_ON = var.notify == null || var.notify_on == "failed" ? null : var.notify_on
    SMOKE_METRICS   = var.metrics
  } : name => value if value != null }

  # The hook's settings. It refuses to run with a name that it does not know.
  settings = merge(
    local.sinks,
    { for name, value in {
      SMOKE_TARGET      = var.target
      SMOKE_CONNECT_TO  = var.connect_to
      SMOKE_CACERT      = var.cacert
      SMOKE_CHECKS      = length(var.checks) == 0 ? null : join(",", var.checks)
      SMOKE_TAG         = length(var.tags) == 0 ? null : join(",", var.tags)
      SMOKE_FAIL_FAST   = var.fail_fast ? "true" : null
      SMOKE_JOBS        = var.jobs == null ? null : tostring(var.jobs)
      SMOKE_RATE        = var.rate
      SMOKE_ALLOW_HOSTS = length(var.allow_hosts) == 0 ? null : join(",", var.allow_hosts)

      SMOKE_CHECKS_FALLBACK = var.checks_fallback == "none" ? null : var.checks_fallback

      SMOKE_PROOF          = var.proof
      SMOKE_PROOF_TIMEOUT  = var.proof_timeout == null ? null : "${var.proof_timeout}s"
      SMOKE_IDENTITY       = try(var.identity.origin, null)
      SMOKE_IDENTITY_PATH  = try(var.identity.path, null)
      SMOKE_IDENTITY_IS    = try(var.identity.is, null)
      SMOKE_IDENTITY_TIMES = try(tostring(var.identity.times), null)
    } : name => value if value != null },
    { for name, value in var.variables : "SMOKE_VAR_${name}" => value },
  )
  # As Lambda measures them: the JSON object, in bytes.
  settings_bytes = sum([for name, value in local.settings : length(base64encode("\"${name}\":\"${value}\",")) / 4 * 3])

  # Where the gate's security group lets out.
  target_port = var.target_port != null ? var.target_port : tonumber(coalesce(one(regex("^https?://[^/:]+(?::([0-9]+))?", var.target)), startswith(var.target, "https:") ? "443" : "80"))
  ports_out   = merge({ "AWS APIs" = 443 }, local.target_port == 443 ? {} : { "Test listener" = local.target_port })
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = { gate = local.gate, watchdog = local.watchdog }

  #checkov:skip=CKV_AWS_158:encrypted with AWS's key; the logs hold no secrets, the hook redacts them
  #checkov:skip=CKV_AWS_338:how long logs are kept is `log_retention_days`
  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "gate" {
  #checkov:skip=CKV_AWS_50:a trace has nothing that the report does not have
  #checkov:skip=CKV_AWS_115:a reserve taken from the account's concurrency could starve other functions; CodeDeploy runs one deployment of a group at a time
  #checkov:skip=CKV_AWS_116:the watchdog is the on-failure destination, which carries more than a dead-letter queue
  #checkov:skip=CKV_AWS_117:in a VPC wherever `vpc` is given
  #checkov:skip=CKV_AWS_173:no secrets in the environment; AWS's key encrypts it
  #checkov:skip=CKV_AWS_272:the package is built by whoever applies this
  function_name    = local.gate
  description      = "Greenlight: tests the new version of ${var.codedeploy_application} before customers see it"
  role             = aws_iam_role.gate.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.package
  source_code_hash = local.package_hash
  timeout          = var.timeout
  memory_size      = var.memory

  environment {
    variables = local.settings
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this["gate"].name
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [aws_security_group.this[0].id]
    }
  }

  lifecycle {
    precondition {
      condition     = local.settings_bytes <= 4096
      error_message = "Expected 4 KB of settings or less, found ${ceil(local.settings_bytes)} bytes: Lambda takes no more. Put long `variables` into the check files."
    }
  }

  # Lambda tries the VPC with the role when it makes the function.
  depends_on = [aws_iam_role_policy.gate]
}

# The same binary. It knows Lambda's failure record and reports Failed, so that
# a gate that died does not leave the deployment waiting for an hour. It runs
# outside the VPC: what cut the gate off must not cut it off too.
resource "aws_lambda_function" "watchdog" {
  #checkov:skip=CKV_AWS_50:a trace has nothing that the log does not have
  #checkov:skip=CKV_AWS_115:a reserve taken from the account's concurrency could starve other functions
  #checkov:skip=CKV_AWS_116:nothing comes after the watchdog; its errors raise an alarm
  #checkov:skip=CKV_AWS_117:outside the VPC on purpose
  #checkov:skip=CKV_AWS_173:no secrets in the environment; AWS's key encrypts it
  #checkov:skip=CKV_AWS_272:the package is built by whoever applies this
  function_name    = local.watchdog
  description      = "Greenlight: reports Failed if the gate of ${var.codedeploy_application} dies"
  role             = aws_iam_role.watchdog.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.package
  source_code_hash = local.package_hash
  timeout          = 60
  memory_size      = 128

  environment {
    variables = local.sinks
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this["watchdog"].name
  }
}

# One try: the hook retries by itself what can be retried, and a gate that died
# is the watchdog's at once.
resource "aws_lambda_function_event_invoke_config" "gate" {
  function_name                = aws_lambda_function.gate.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 900

  destination_config {
    on_failure {
      destination = aws_lambda_function.watchdog.arn
    }
  }

  # Lambda tries the destination with the gate's role.
  depends_on = [aws_iam_role_policy.gate]
}

# Reporting Failed twice does no harm, so that it is tried again; CodeDeploy
# gives up after an hour.
resource "aws_lambda_function_event_invoke_config" "watchdog" {
  function_name                = aws_lambda_function.watchdog.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600
}

resource "aws_cloudwatch_metric_alarm" "watchdog" {
  alarm_name          = "${local.watchdog}-errors"
  alarm_description   = "The gate died and the watchdog could not report: the deployment waits for an hour"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.watchdog.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}

# The watchdog was never called: nothing else tells of a gate that died then.
resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "${local.gate}-undelivered"
  alarm_description   = "The gate died and Lambda could not call the watchdog: the deployment waits for an hour"
  namespace           = "AWS/Lambda"
  metric_name         = "DestinationDeliveryFailures"
  dimensions          = { FunctionName = aws_lambda_function.gate.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}

resource "aws_security_group" "this" {
  count = var.vpc == null ? 0 : 1

  #checkov:skip=CKV2_AWS_5:attached to the gate
  name        = local.gate
  description = "Gate of ${var.codedeploy_application}"
  vpc_id      = var.vpc.id

  tags = { Name = local.gate }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.vpc == null ? {} : local.ports_out

  security_group_id = aws_security_group.this[0].id
  description       = each.key
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = "0.0.0.0/0"
}
