# The gate for a pipeline that is there already. Then name the output
# `function_name` under `AfterAllowTestTraffic` in the AppSpec, and let
# CodeDeploy's role invoke `function_arn`: this example attaches that policy.

provider "aws" {
  region = var.region
}

module "hook" {
  source = "../../modules/hook"

  name                        = var.name
  package                     = var.package
  architecture                = var.package_architecture
  codedeploy_application      = var.codedeploy_application
  codedeploy_deployment_group = var.codedeploy_deployment_group
  target                      = var.target
  connect_to                  = var.connect_to
  cacert                      = var.cacert
  ecs_service_arns            = [var.ecs_service_arn]
  vpc                         = var.vpc
  checks                      = var.checks
  secret_arns                 = var.secret_arns
  reports                     = module.reports.url
  notify                      = try(var.notify.topic_arn, null)
  alarm_actions               = var.notify[*].topic_arn
}

module "reports" {
  source = "../../modules/reports"

  name           = var.name
  retention_days = 30
  protect        = false
}

data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "AskTheGate"
    actions   = ["lambda:InvokeFunction"]
    resources = [module.hook.function_arn]
  }
}

resource "aws_iam_role_policy" "invoke" {
  name   = "ask-the-gate"
  role   = var.codedeploy_role_name
  policy = data.aws_iam_policy_document.invoke.json
}
