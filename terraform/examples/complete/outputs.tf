output "greenlight" {
  description = "Everything that the module tells."
  value       = module.greenlight
}

output "production_url" {
  description = "Where customers are served."
  value       = module.greenlight.production_url
}

output "transport" {
  description = "Who else may read what customers and checks send."
  value       = var.tls == null ? "Plain HTTP: everybody on the way reads and changes it, passwords included. For a workshop only; `tls` gives both listeners a certificate." : "TLS on both listeners: nobody on the way."
}

output "next_step" {
  description = "What is left to do by hand."
  value       = "Complete the connection ${module.greenlight.connection_arn} in the console (Developer Tools, Settings, Connections), then release a change of the pipeline ${module.greenlight.pipeline_name}."
}
