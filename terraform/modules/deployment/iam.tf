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

    # Nobody else's deployment may take the role.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

# AWSCodeDeployRoleForECS, narrowed to this service, these listeners, this
# function and these roles. The managed policy may invoke every function.
data "aws_iam_policy_document" "codedeploy" {
  #checkov:skip=CKV_AWS_356:what names no resource only reads, or is an action for which IAM has none
  #checkov:skip=CKV_AWS_111:IAM has no resource for ecs:CreateTaskSet; conditions name the service
  # IAM has no resource for it; an ARN there would deny it.
  statement {
    sid       = "StartGreen"
    actions   = ["ecs:CreateTaskSet"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["${local.ecs}:cluster/${var.cluster_name}"]
    }

    condition {
      test     = "ArnEquals"
      variable = "ecs:service"
      values   = ["${local.ecs}:service/${var.cluster_name}/${var.service_name}"]
    }
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

  # Elastic Load Balancing knows no resources for reading. CloudWatch knows an
  # alarm, and needs `*` where composite ones are asked for as well.
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
    for_each = length(var.revision_arns) == 0 ? [] : [var.revision_arns]

    content {
      sid       = "ReadTheRevision"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = statement.value
    }
  }
}

resource "aws_iam_role" "this" {
  # Roles belong to the account: the Region lets two stacks of a name be.
  name               = "${var.name}-codedeploy-${data.aws_region.this.id}"
  description        = "Deploys ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  name   = "deploy"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.codedeploy.json
}
