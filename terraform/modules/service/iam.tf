data "aws_partition" "this" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
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

  # Of each service its own: an ARN of another one means nothing to it. What
  # follows a secret's ARN is ECS's way to name a member of it.
  dynamic "statement" {
    for_each = {
      for sid, read in {
        ReadSecrets    = { action = "secretsmanager:GetSecretValue", arns = distinct([for arn in values(var.secrets) : regex("^[^:]+(?::[^:]+){6}", arn) if strcontains(arn, ":secretsmanager:")]) }
        ReadParameters = { action = "ssm:GetParameters", arns = [for arn in values(var.secrets) : arn if strcontains(arn, ":ssm:")] }
      } : sid => read if length(read.arns) > 0
    }

    content {
      sid       = statement.key
      actions   = [statement.value.action]
      resources = statement.value.arns
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Starts the tasks of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-tasks"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

# What the application itself may do: nothing, until the team attaches more.
resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  description        = "The application ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
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
