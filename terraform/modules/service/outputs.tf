output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "service_arn" {
  description = "ARN of the ECS service."
  value       = aws_ecs_service.this.id
}

output "container_name" {
  description = "The container behind the load balancer."
  value       = var.name
}

output "task_definition_template" {
  description = "The task definition as CodePipeline registers it, with a placeholder where the image goes."
  value       = local.task_definition_template
}

output "role_arns" {
  description = "The roles that a new task definition names: `execution` and `task`."
  value       = { execution = aws_iam_role.execution.arn, task = aws_iam_role.task.arn }
}

output "execution_role_name" {
  description = "The role with which ECS starts tasks, to let it pull from another repository."
  value       = aws_iam_role.execution.name
}

output "task_role_name" {
  description = "The application's role, to attach policies to."
  value       = aws_iam_role.task.name
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}

output "log_group_name" {
  description = "Where the container's logs are."
  value       = aws_cloudwatch_log_group.this.name
}
