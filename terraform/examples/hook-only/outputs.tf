output "function_name" {
  description = "Name this under `AfterAllowTestTraffic` in the AppSpec."
  value       = module.hook.function_name
}

output "reports_url" {
  description = "Where the gate keeps its reports."
  value       = module.reports.url
}

output "security_group_id" {
  description = "Let this in at the test port of an internal load balancer."
  value       = module.hook.security_group_id
}
