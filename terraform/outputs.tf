output "production_url" {
  description = "Where customers are served."
  value       = module.load_balancer.production_url
}

output "test_url" {
  description = "What the gate tests: the test listener, with the name on the certificate."
  value       = module.load_balancer.test_url
}

output "load_balancer_arn" {
  description = "The load balancer, to attach a web application firewall to."
  value       = module.load_balancer.arn
}

output "load_balancer_dns_name" {
  description = "The load balancer's own name: `smoke --connect-to` takes it."
  value       = module.load_balancer.dns_name
}

output "vpc_id" {
  description = "The VPC, to attach flow logs or endpoints to."
  value       = local.network.id
}

output "public_subnet_ids" {
  description = "The public subnets."
  value       = local.network.public_subnet_ids
}

output "private_subnet_ids" {
  description = "The private subnets, where tasks and gate run."
  value       = local.network.private_subnet_ids
}

output "connection_arn" {
  description = "The connection to GitHub; a new one waits until somebody completes it in the console."
  value       = module.pipeline.connection_arn
}

output "pipeline_name" {
  description = "The pipeline."
  value       = module.pipeline.pipeline_name
}

output "ecr_repository_url" {
  description = "Where images are pushed."
  value       = module.pipeline.ecr_repository_url
}

output "checks_url" {
  description = "Where the build puts the releases' own check files, by the tag of their image."
  value       = module.pipeline.checks_url
}

output "reports_url" {
  description = "Where the gate keeps its reports, by the id of the deployment."
  value       = module.reports.url
}

output "topic_arn" {
  description = "The topic that hears of failures and of the gate's verdicts."
  value       = module.pipeline.topic_arn
}

output "hook_function_name" {
  description = "The gate, as the AppSpec names it."
  value       = module.hook.function_name
}

output "hook_log_group_name" {
  description = "Where the gate says why."
  value       = module.hook.log_group_name
}

output "hook_role_name" {
  description = "The gate's role."
  value       = module.hook.role_name
}

output "watchdog_function_name" {
  description = "The function that reports Failed where the gate died."
  value       = module.hook.watchdog_function_name
}

output "cluster_name" {
  description = "The ECS cluster."
  value       = module.service.cluster_name
}

output "service_name" {
  description = "The ECS service."
  value       = module.service.service_name
}

output "task_security_group_id" {
  description = "The tasks' security group, for databases and others to let in."
  value       = module.service.security_group_id
}

output "execution_role_name" {
  description = "The role with which ECS starts tasks, to let it pull from another repository."
  value       = module.service.execution_role_name
}

output "task_role_name" {
  description = "The application's role, to attach policies to."
  value       = module.service.task_role_name
}

output "codedeploy_application_name" {
  description = "The CodeDeploy application."
  value       = module.deployment.application_name
}

output "deployment_group_name" {
  description = "The deployment group."
  value       = module.deployment.deployment_group_name
}

output "production_listener_arn" {
  description = "The listener that customers reach."
  value       = module.load_balancer.production_listener_arn
}

output "test_listener_arn" {
  description = "The listener that the gate tests."
  value       = module.load_balancer.test_listener_arn
}

output "target_groups" {
  description = "The two target groups, `blue` and `green`."
  value       = module.load_balancer.target_groups
}

output "app_spec" {
  description = "The AppSpec that the pipeline hands to CodeDeploy."
  value       = module.deployment.app_spec
}
