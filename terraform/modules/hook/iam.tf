# What the two functions may do, all of it. A new AWS call of the binary gets a
# statement here, and nowhere else.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  # In S3 the gate may read a check file, or what lies below a prefix; with a
  # placeholder, below what is the same for every release.
  check_places = [for place in [for place in var.checks : regex("^s3://(?P<bucket>[^/]+)/(?P<fixed>[^{]*)(?P<placeholder>.*)$", place) if startswith(place, "s3://")] : {
    bucket = place.bucket
    keys   = place.placeholder != "" ? "${place.fixed}*" : can(regex("[.]ya?ml$", place.fixed)) ? place.fixed : "${trimsuffix(place.fixed, "/")}/*"
  }]
  report_place = var.reports == null ? [] : [regex("^s3://(?P<bucket>[^/]+)/(?P<prefix>.*)$", var.reports)]

  # Where the verdict is told beside CodeDeploy, by the gate and by the watchdog.
  sink_statements = concat(
    [for place in local.report_place : {
      sid       = "KeepReports"
      actions   = ["s3:PutObject"]
      resources = ["arn:${data.aws_partition.this.partition}:s3:::${place.bucket}/${place.prefix}*"]
    }],
    var.notify == null ? [] : [{
      sid       = "TellTheTopic"
      actions   = ["sns:Publish"]
      resources = [var.notify]
    }],
  )

  # What a key of the team's is used for, and through which services.
  sink_key_uses = {
    "kms:Decrypt"         = var.notify == null ? [] : ["sns"]
    "kms:GenerateDataKey" = concat(var.reports == null ? [] : ["s3"], var.notify == null ? [] : ["sns"])
  }
  key_uses = merge(local.sink_key_uses, {
    "kms:Decrypt" = concat(
      length(local.check_places) == 0 ? [] : ["s3"],
      length(var.secret_arns) == 0 ? [] : ["secretsmanager"],
      length(var.parameter_arns) == 0 ? [] : ["ssm"],
      local.sink_key_uses["kms:Decrypt"],
    )
  })

  deployment_group_arn = "arn:${data.aws_partition.this.partition}:codedeploy:${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}:deploymentgroup:${var.codedeploy_application}/${var.codedeploy_deployment_group}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# The gate.
data "aws_iam_policy_document" "gate" {
  #checkov:skip=CKV_AWS_356:IAM has no resources for the actions that name none, and which services are read is `ecs_service_arns`
  # The binary's own calls.
  statement {
    sid       = "ReportTheVerdict"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = [local.deployment_group_arn]
  }

  # What the proof of green reads, see docs/verdict.md.
  dynamic "statement" {
    for_each = var.proof == "off" ? [] : [var.proof]

    content {
      sid       = "ReadTheDeployment"
      actions   = ["codedeploy:GetDeployment"]
      resources = [local.deployment_group_arn]
    }
  }

  # IAM has no resources for these; an ARN here would deny them.
  dynamic "statement" {
    for_each = var.proof == "off" ? [] : [var.proof]

    content {
      sid       = "ReadItsTarget"
      actions   = ["codedeploy:GetDeploymentTarget", "codedeploy:ListDeploymentTargets"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.proof == "off" ? [] : [var.proof]

    content {
      sid       = "ReadTheService"
      actions   = ["ecs:DescribeServices"]
      resources = var.ecs_service_arns
    }
  }

  dynamic "statement" {
    for_each = var.proof == "off" ? [] : [var.proof]

    content {
      sid = "ReadTheTaskDefinitionAndTheListener"
      actions = concat(
        ["ecs:DescribeTaskDefinition"],
        statement.value == "identity" ? [] : [
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeTargetHealth",
        ],
      )
      # Nor for these.
      resources = ["*"]
    }
  }

  # The check files in S3. Without leave to list them S3 calls what is not there
  # a denied access, and it asks with the key as the prefix.
  dynamic "statement" {
    for_each = length(local.check_places) == 0 ? [] : [local.check_places]

    content {
      sid       = "FindTheChecks"
      actions   = ["s3:ListBucket"]
      resources = distinct([for place in statement.value : "arn:${data.aws_partition.this.partition}:s3:::${place.bucket}"])

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = distinct(statement.value[*].keys)
      }
    }
  }

  dynamic "statement" {
    for_each = length(local.check_places) == 0 ? [] : [local.check_places]

    content {
      sid       = "ReadTheChecks"
      actions   = ["s3:GetObject"]
      resources = distinct([for place in statement.value : "arn:${data.aws_partition.this.partition}:s3:::${place.bucket}/${place.keys}"])
    }
  }

  # What the check files read.
  dynamic "statement" {
    for_each = length(var.secret_arns) == 0 ? [] : [var.secret_arns]

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.parameter_arns) == 0 ? [] : [var.parameter_arns]

    content {
      sid       = "ReadParameters"
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }

  # Where the verdict is told beside CodeDeploy.
  dynamic "statement" {
    for_each = local.sink_statements

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # A key of the team's, through the services that use it.
  dynamic "statement" {
    for_each = { for action, services in local.key_uses : action => services if length(services) > 0 && length(var.kms_key_arns) > 0 }

    content {
      sid       = statement.key == "kms:Decrypt" ? "Decrypt" : "Encrypt"
      actions   = [statement.key]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in statement.value : "${service}.${data.aws_region.this.id}.${data.aws_partition.this.dns_suffix}"]
      }
    }
  }

  # What Lambda does in the function's name.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this["gate"].arn}:*"]
  }

  statement {
    sid       = "CallTheWatchdog"
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_function.watchdog.arn]
  }

  dynamic "statement" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      sid = "JoinTheVpc"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      # Lambda checks these before there is anything to name.
      resources = ["*"]
    }
  }

  # Only Lambda itself joins the VPC; the code inside the function may not.
  dynamic "statement" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      sid    = "ButNotTheCode"
      effect = "Deny"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]

      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = ["arn:${data.aws_partition.this.partition}:lambda:${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}:function:${local.gate}"]
      }
    }
  }
}

# The watchdog.
data "aws_iam_policy_document" "watchdog" {
  statement {
    sid       = "ReportTheVerdict"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = [local.deployment_group_arn]
  }

  # What the deployment is called, for those who are told of it.
  statement {
    sid       = "NameTheDeployment"
    actions   = ["codedeploy:GetDeployment"]
    resources = [local.deployment_group_arn]
  }

  # Where the verdict is told beside CodeDeploy.
  dynamic "statement" {
    for_each = local.sink_statements

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # A key of the team's, through the services that use it.
  dynamic "statement" {
    for_each = { for action, services in local.sink_key_uses : action => services if length(services) > 0 && length(var.kms_key_arns) > 0 }

    content {
      sid       = statement.key == "kms:Decrypt" ? "Decrypt" : "Encrypt"
      actions   = [statement.key]
      resources = var.kms_key_arns

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in statement.value : "${service}.${data.aws_region.this.id}.${data.aws_partition.this.dns_suffix}"]
      }
    }
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this["watchdog"].arn}:*"]
  }
}

resource "aws_iam_role" "gate" {
  # Roles belong to the account: the Region lets two gates of a name be.
  name               = "${var.name}-gate-${data.aws_region.this.id}"
  description        = "Judges the deployments of ${var.codedeploy_application}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "gate" {
  name   = "gate"
  role   = aws_iam_role.gate.id
  policy = data.aws_iam_policy_document.gate.json
}

resource "aws_iam_role" "watchdog" {
  name               = "${var.name}-watchdog-${data.aws_region.this.id}"
  description        = "Reports Failed where the gate of ${var.codedeploy_application} died"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "watchdog" {
  name   = "watchdog"
  role   = aws_iam_role.watchdog.id
  policy = data.aws_iam_policy_document.watchdog.json
}
