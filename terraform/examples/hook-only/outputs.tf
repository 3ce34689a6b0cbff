output "function_name" {
  description = "Name this under `AfterAllowTestTraffic` in the AppSpec."
  value       = module.hook.function_name
}

output "security_group_id" {
  description = "Let this in at the test port of an internal load balancer."
  value       = module.hook.security_group_id
}
