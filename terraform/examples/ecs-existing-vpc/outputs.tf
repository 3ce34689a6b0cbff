output "production_url" {
  description = "Where customers are served, inside the network."
  value       = module.greenlight.production_url
}

output "hook_function_name" {
  description = "The gate."
  value       = module.greenlight.hook_function_name
}
