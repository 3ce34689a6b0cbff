output "function_name" {
  description = "The gate: name it under `AfterAllowTestTraffic` in the AppSpec."
  value       = aws_lambda_function.gate.function_name
}

output "function_arn" {
  description = "ARN of the gate; CodeDeploy's role needs `lambda:InvokeFunction` on it."
  value       = aws_lambda_function.gate.arn
}

output "watchdog_function_name" {
  description = "The function that reports Failed where the gate died."
  value       = aws_lambda_function.watchdog.function_name
}

output "role_name" {
  description = "The gate's role."
  value       = aws_iam_role.gate.name
}

output "security_group_id" {
  description = "The gate's security group; null outside a VPC. An internal load balancer must let it in at its test port."
  value       = one(aws_security_group.this[*].id)
}

output "log_group_name" {
  description = "Where the gate says why."
  value       = aws_cloudwatch_log_group.this["gate"].name
}
