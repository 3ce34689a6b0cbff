locals {
  gradual = var.traffic.type != "all_at_once"

  # CodePipeline replaces <TASK_DEFINITION>. The rest has to be literal.
  app_spec = yamlencode({
    version = "0.0"
    Resources = [{
      TargetService = {
        Type = "AWS::ECS::Service"
        Properties = {
          TaskDefinition  = "<TASK_DEFINITION>"
          PlatformVersion = "LATEST"
          LoadBalancerInfo = {
            ContainerName = var.container_name
            ContainerPort = var.container_port
          }
          NetworkConfiguration = {
            AwsvpcConfiguration = {
              Subnets        = var.network.subnet_ids
              SecurityGroups = var.network.security_group_ids
              AssignPublicIp = "DISABLED"
            }
          }
        }
      }
    }]
    Hooks = [{ AfterAllowTestTraffic = var.hook.function_name }]
  })
}

resource "aws_codedeploy_app" "this" {
  name             = var.application_name
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_config" "this" {
  count = local.gradual ? 1 : 0

  deployment_config_name = "${var.name}-${var.traffic.type}-${var.traffic.percentage}-every-${var.traffic.interval}"
  compute_platform       = "ECS"

  traffic_routing_config {
    type = var.traffic.type == "canary" ? "TimeBasedCanary" : "TimeBasedLinear"

    dynamic "time_based_canary" {
      for_each = var.traffic.type == "canary" ? [var.traffic] : []

      content {
        percentage = time_based_canary.value.percentage
        interval   = time_based_canary.value.interval
      }
    }

    dynamic "time_based_linear" {
      for_each = var.traffic.type == "linear" ? [var.traffic] : []

      content {
        percentage = time_based_linear.value.percentage
        interval   = time_based_linear.value.interval
      }
    }
  }

  # Its name says what it does, so that a change makes a new one first.
  lifecycle {
    create_before_destroy = true
  }
}

# Counted at the targets: an empty target group answers 503 from the load
# balancer itself, and that is no reason to roll back.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = var.target_groups

  alarm_name          = "${var.name}-5xx-${each.key}"
  alarm_description   = "The tasks in ${each.value.name} answer with 5xx"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = each.value.arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = var.alarm_5xx_per_minute
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}

resource "aws_codedeploy_deployment_group" "this" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = var.deployment_group_name
  service_role_arn       = aws_iam_role.this.arn
  deployment_config_name = local.gradual ? one(aws_codedeploy_deployment_config.this[*].deployment_config_name) : "CodeDeployDefault.ECSAllAtOnce"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = var.termination_wait
    }
  }

  ecs_service {
    cluster_name = var.cluster_name
    service_name = var.service_name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [var.production_listener_arn]
      }

      test_traffic_route {
        listener_arns = [var.test_listener_arn]
      }

      dynamic "target_group" {
        for_each = var.target_groups

        content {
          name = target_group.value.name
        }
      }
    }
  }

  # The gate's Failed is a DEPLOYMENT_FAILURE.
  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  alarm_configuration {
    enabled = var.stop_on_alarm
    alarms  = concat([for alarm in aws_cloudwatch_metric_alarm.errors : alarm.alarm_name], var.alarm_names)
  }

  depends_on = [aws_iam_role_policy.this]
}
