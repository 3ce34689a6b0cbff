data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  # Of each service its own: an ARN of another one means nothing to it. What
  # follows a secret's ARN is ECS's way to name a member of it.
  secret_reads = {
    for sid, read in {
      ReadSecrets    = { service = "secretsmanager", action = "secretsmanager:GetSecretValue", arns = distinct([for arn in values(var.secrets) : regex("^[^:]+(?::[^:]+){6}", arn) if strcontains(arn, ":secretsmanager:")]) }
      ReadParameters = { service = "ssm", action = "ssm:GetParameters", arns = distinct([for arn in values(var.secrets) : arn if strcontains(arn, ":ssm:")]) }
    } : sid => read if length(read.arns) > 0
  }
}

# The task role only: AWS documents the account's condition for it, and not for
# the role that starts tasks.
data "aws_iam_policy_document" "trust" {
  for_each = toset(["execution", "task"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    dynamic "condition" {
      for_each = each.key == "task" ? [data.aws_caller_identity.this.account_id] : []

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

# What ECS does to start a task.
data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "SignInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PullTheImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [var.ecr_repository_arn]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = local.secret_reads

    content {
      sid       = statement.key
      actions   = [statement.value.action]
      resources = statement.value.arns
    }
  }

  # A key of the team's, through the services that use it.
  dynamic "statement" {
    for_each = length(var.secrets_kms_key_arns) == 0 || length(local.secret_reads) == 0 ? [] : [var.secrets_kms_key_arns]

    content {
      sid       = "Decrypt"
      actions   = ["kms:Decrypt"]
      resources = statement.value

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for read in values(local.secret_reads) : "${read.service}.${data.aws_region.this.id}.${data.aws_partition.this.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role" "execution" {
  # Roles belong to the account: the Region lets two stacks of a name be.
  name               = "${var.name}-execution-${data.aws_region.this.id}"
  description        = "Starts the tasks of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.trust["execution"].json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-tasks"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

# What the application itself may do: nothing, until the team attaches more.
resource "aws_iam_role" "task" {
  name               = "${var.name}-task-${data.aws_region.this.id}"
  description        = "The application ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.trust["task"].json
}

# These actions know no resources.
data "aws_iam_policy_document" "execute_command" {
  statement {
    sid = "OpenShell"
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "execute_command" {
  count = var.execute_command ? 1 : 0

  name   = "execute-command"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.execute_command.json
}
