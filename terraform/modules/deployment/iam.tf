data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  partition = data.aws_partition.this.partition
  place     = "${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}"
  ecs       = "arn:${local.partition}:ecs:${local.place}"

  # listener/app/NAME/LB/LISTENER and listener-rule/app/NAME/LB/LISTENER/RULE
  listener_arns = [var.production_listener_arn, var.test_listener_arn]
  rule_arns     = [for arn in local.listener_arns : "${replace(arn, ":listener/", ":listener-rule/")}/*"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codedeploy.amazonaws.com"]
    }
  }
}

# AWSCodeDeployRoleForECS, narrowed to this service, these listeners, this
# function and these roles. The managed policy may invoke every function.
data "aws_iam_policy_document" "codedeploy" {
  #checkov:skip=CKV_AWS_356:what names no resource only reads, or is an action for which IAM has none
  #checkov:skip=CKV_AWS_111:IAM has neither resource nor condition for ecs:CreateTaskSet
  # IAM has neither resource nor condition for it; an ARN here would deny it.
  # What a task set may be is bound by the roles below.
  statement {
    sid       = "StartGreen"
    actions   = ["ecs:CreateTaskSet"]
    resources = ["*"]
  }

  statement {
    sid       = "MoveTheService"
    actions   = ["ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet"]
    resources = ["${local.ecs}:service/${var.cluster_name}/${var.service_name}"]
  }

  statement {
    sid       = "StopBlue"
    actions   = ["ecs:DeleteTaskSet"]
    resources = ["${local.ecs}:task-set/${var.cluster_name}/${var.service_name}/*"]
  }

  # Elastic Load Balancing and CloudWatch know no resources for reading.
  statement {
    sid = "ReadListenersAndAlarms"
    actions = [
      "cloudwatch:DescribeAlarms",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeTargetGroups",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "MoveTraffic"
    actions   = ["elasticloadbalancing:ModifyListener"]
    resources = local.listener_arns
  }

  statement {
    sid       = "MoveTrafficOfRules"
    actions   = ["elasticloadbalancing:ModifyRule"]
    resources = local.rule_arns
  }

  statement {
    sid       = "AskTheGate"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.hook.function_arn]
  }

  statement {
    sid       = "GiveTasksTheirRoles"
    actions   = ["iam:PassRole"]
    resources = var.pass_role_arns

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  dynamic "statement" {
    for_each = length(var.revision_bucket_arns) == 0 ? [] : [var.revision_bucket_arns]

    content {
      sid       = "ReadTheRevision"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = [for arn in statement.value : "${arn}/*"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-codedeploy"
  description        = "Deploys ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  name   = "deploy"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.codedeploy.json
}
