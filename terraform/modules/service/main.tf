data "aws_region" "this" {}

locals {
  # Answers the health check until the pipeline brings the application. The path
  # reaches the shell as an argument, not as a part of the script; a query is
  # none of the file's name, and a folder answers with its index.html.
  placeholder_path = split("?", var.health_check_path)[0]
  placeholder_file = endswith(local.placeholder_path, "/") ? "${local.placeholder_path}index.html" : local.placeholder_path
  placeholder = {
    image   = "public.ecr.aws/docker/library/busybox:stable"
    command = ["sh", "-c", "mkdir -p \"$(dirname \"$1$2\")\" && echo ok > \"$1$2\" && exec httpd -f -p \"$3\" -h \"$1\"", "placeholder", "/srv", local.placeholder_file, tostring(var.container_port)]
  }

  container = {
    name         = var.name
    essential    = true
    portMappings = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]
    environment  = [for name, value in var.environment : { name = name, value = value }]
    secrets      = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.this.id
        awslogs-stream-prefix = "app"
      }
    }
  }

  first_container = merge(
    local.container,
    var.initial_image == null ? local.placeholder : { image = var.initial_image, command = null },
  )

  # CodePipeline replaces the name in angle brackets by the image that was
  # built. jsonencode would write the brackets as escapes, which CodePipeline
  # does not find.
  task_definition_template = replace(replace(jsonencode({
    family                  = var.name
    requiresCompatibilities = ["FARGATE"]
    networkMode             = "awsvpc"
    cpu                     = tostring(var.cpu)
    memory                  = tostring(var.memory)
    runtimePlatform         = { operatingSystemFamily = "LINUX", cpuArchitecture = var.architecture }
    executionRoleArn        = aws_iam_role.execution.arn
    taskRoleArn             = aws_iam_role.task.arn
    containerDefinitions    = [merge(local.container, { image = "<IMAGE1_NAME>" })]
  }), "\\u003c", "<"), "\\u003e", ">")

  scaling_targets = { for name, value in {
    cpu    = { metric = "ECSServiceAverageCPUUtilization", value = var.scaling.cpu }
    memory = { metric = "ECSServiceAverageMemoryUtilization", value = var.scaling.memory }
  } : name => value if value.value != null }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:encrypted with AWS's key; a customer key costs per month and adds nothing here
  #checkov:skip=CKV_AWS_338:how long logs are kept is `log_retention_days`
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_security_group" "this" {
  name        = "${var.name}-tasks"
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  security_group_id            = aws_security_group.this.id
  description                  = "Load balancer"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = var.load_balancer_security_group_id
}

# The load balancer reaches the tasks and nothing else.
resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  security_group_id            = var.load_balancer_security_group_id
  description                  = "Tasks"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_vpc_security_group_egress_rule" "anywhere" {
  #checkov:skip=CKV_AWS_382:the application's dependencies are the team's
  security_group_id = aws_security_group.this.id
  description       = "Image, logs and whatever the application calls"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:container insights are `container_insights`, which CloudWatch charges for
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }
}

# The first revision only: the pipeline registers every later one.
resource "aws_ecs_task_definition" "this" {
  #checkov:skip=CKV_AWS_336:whether the application writes to its disk is the team's to say
  #checkov:skip=CKV_AWS_249:the two roles are two resources
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([{ for key, value in local.first_container : key => value if value != null }])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }
}

resource "aws_ecs_service" "this" {
  name                              = var.name
  cluster                           = aws_ecs_cluster.this.arn
  task_definition                   = aws_ecs_task_definition.this.arn
  desired_count                     = var.scaling.min
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  enable_execute_command            = var.execute_command
  health_check_grace_period_seconds = 60
  propagate_tags                    = "SERVICE"

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  # One block, not two: CodeDeploy puts green into the other target group.
  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = var.name
    container_port   = var.container_port
  }

  lifecycle {
    # CodeDeploy owns the first four: a deployment sets them, and ECS refuses
    # to change them otherwise. Auto scaling owns the number of tasks.
    ignore_changes = [task_definition, load_balancer, network_configuration, platform_version, desired_count]
  }

  depends_on = [aws_iam_role_policy.execution, aws_vpc_security_group_ingress_rule.load_balancer]
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.scaling.min
  max_capacity       = var.scaling.max
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.scaling_targets

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}

# The predefined metric names one target group, and production leaves it with
# every other deployment. The sum of both groups is right before and after.
resource "aws_appautoscaling_policy" "requests" {
  count = var.scaling.requests == null ? 0 : 1

  name               = "${var.name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.scaling.requests
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    customized_metric_specification {
      dynamic "metrics" {
        for_each = var.request_metric.target_groups

        content {
          id          = metrics.key
          label       = "Requests for each task in ${metrics.key}"
          return_data = false

          metric_stat {
            stat = "Sum"

            metric {
              namespace   = "AWS/ApplicationELB"
              metric_name = "RequestCountPerTarget"

              dimensions {
                name  = "LoadBalancer"
                value = var.request_metric.load_balancer
              }

              dimensions {
                name  = "TargetGroup"
                value = metrics.value
              }
            }
          }
        }
      }

      metrics {
        id          = "requests"
        label       = "Requests for each task"
        expression  = join(" + ", [for id in sort(keys(var.request_metric.target_groups)) : "FILL(${id}, 0)"])
        return_data = true
      }
    }
  }
}
