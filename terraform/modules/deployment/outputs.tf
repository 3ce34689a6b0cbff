output "application_name" {
  description = "The CodeDeploy application."
  value       = aws_codedeploy_app.this.name
}

output "deployment_group_name" {
  description = "The deployment group."
  value       = aws_codedeploy_deployment_group.this.deployment_group_name
}

output "deployment_config_name" {
  description = "How traffic moves."
  value       = aws_codedeploy_deployment_group.this.deployment_config_name
}

output "app_spec" {
  description = "The AppSpec with the gate under `AfterAllowTestTraffic`, and a placeholder for the task definition."
  value       = local.app_spec
}

output "role_arn" {
  description = "CodeDeploy's role."
  value       = aws_iam_role.this.arn
}
