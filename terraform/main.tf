# The pipeline: network, load balancer, service, gate, deployment, pipeline.
# The modules do not know each other; everything that they share goes through
# this file.

locals {
  # CodeDeploy's names, given rather than read: the gate's role names the group
  # that names the gate.
  application      = var.name
  deployment_group = var.name

  network = var.vpc == null ? {
    id                 = module.network[0].vpc_id
    public_subnet_ids  = module.network[0].public_subnet_ids
    private_subnet_ids = module.network[0].private_subnet_ids
    nat_public_ips     = module.network[0].nat_public_ips
  } : var.vpc

  # Each release brings its own check files, under the tag of its image; without
  # a proof the gate does not know which release it tests.
  checks = var.hook.checks != null ? var.hook.checks : var.proof == "off" ? [] : ["${module.pipeline.checks_url}{{ deployment.tag }}/"]

  # A public load balancer has public addresses only, even for those inside its
  # VPC: the gate comes to it through NAT, where a rule that names its security
  # group does not match. An internal one sees the group.
  gate_cidrs  = var.internal ? {} : { for key, address in local.network.nat_public_ips : "gate through NAT ${key}" => "${address}/32" }
  gate_groups = var.internal ? { gate = module.hook.security_group_id } : {}
}

module "network" {
  source = "./modules/network"
  count  = var.vpc == null ? 1 : 0

  name             = var.name
  cidr             = var.cidr
  zones            = var.zones
  nat              = var.nat
  exclude_zone_ids = var.exclude_zone_ids
}

module "load_balancer" {
  source = "./modules/load-balancer"

  name                    = var.name
  vpc_id                  = local.network.id
  subnet_ids              = var.internal ? local.network.private_subnet_ids : local.network.public_subnet_ids
  internal                = var.internal
  tls                     = var.tls
  test_port               = var.test_port
  production_cidrs        = var.production_cidrs
  test_cidrs              = merge(var.test_cidrs, local.gate_cidrs)
  test_security_group_ids = local.gate_groups
  container_port          = var.container_port
  health_check_path       = var.health_check_path
  deregistration_delay    = var.deregistration_delay
  protect                 = var.protect
  access_logs_bucket      = var.access_logs_bucket
}

module "service" {
  source = "./modules/service"

  name                            = var.name
  vpc_id                          = local.network.id
  subnet_ids                      = local.network.private_subnet_ids
  load_balancer_security_group_id = module.load_balancer.security_group_id
  target_group_arn                = module.load_balancer.target_groups["blue"].arn
  request_metric = {
    load_balancer = module.load_balancer.arn_suffix
    target_groups = { for colour, group in module.load_balancer.target_groups : colour => group.arn_suffix }
  }
  initial_image        = var.initial_image
  container_port       = var.container_port
  health_check_path    = var.health_check_path
  cpu                  = var.cpu
  memory               = var.memory
  architecture         = var.architecture
  environment          = var.environment
  secrets              = var.secrets
  secrets_kms_key_arns = var.secrets_kms_key_arns
  ecr_repository_arn   = module.pipeline.ecr_repository_arn
  scaling              = var.scaling
  execute_command      = var.execute_command
  log_retention_days   = var.log_retention_days
  container_insights   = var.container_insights
}

module "hook" {
  source = "./modules/hook"

  name                        = var.name
  package                     = var.package
  architecture                = var.package_architecture
  codedeploy_application      = local.application
  codedeploy_deployment_group = local.deployment_group
  target                      = module.load_balancer.test_url
  connect_to                  = var.tls == null ? null : module.load_balancer.dns_name
  cacert                      = var.hook.cacert
  checks                      = local.checks
  checks_fallback             = var.hook.checks_fallback
  tags                        = var.hook.tags
  variables                   = var.hook.variables
  jobs                        = var.hook.jobs
  secret_arns                 = var.hook.secret_arns
  parameter_arns              = var.hook.parameter_arns
  allow_hosts                 = var.hook.allow_hosts
  rate                        = var.hook.rate
  fail_fast                   = var.hook.fail_fast
  proof                       = var.proof
  proof_timeout               = var.hook.proof_timeout
  identity                    = var.identity
  reports                     = module.reports.url
  notify                      = module.pipeline.topic_arn
  notify_on                   = var.hook.notify_on
  kms_key_arns                = var.hook.kms_key_arns
  metrics                     = var.hook.metrics
  ecs_service_arns            = [module.service.service_arn]
  timeout                     = var.hook.timeout
  memory                      = var.hook.memory
  target_port                 = var.test_port
  vpc                         = { id = local.network.id, subnet_ids = local.network.private_subnet_ids }
  log_retention_days          = var.log_retention_days
  alarm_actions               = [module.pipeline.topic_arn]
}

module "reports" {
  source = "./modules/reports"

  name           = var.name
  retention_days = var.hook.report_days
  protect        = var.protect
}

module "deployment" {
  source = "./modules/deployment"

  name                     = var.name
  application_name         = local.application
  deployment_group_name    = local.deployment_group
  cluster_name             = module.service.cluster_name
  service_name             = module.service.service_name
  container_name           = module.service.container_name
  container_port           = var.container_port
  network                  = { subnet_ids = local.network.private_subnet_ids, security_group_ids = [module.service.security_group_id] }
  load_balancer_arn_suffix = module.load_balancer.arn_suffix
  production_listener_arn  = module.load_balancer.production_listener_arn
  test_listener_arn        = module.load_balancer.test_listener_arn
  target_groups            = { for colour, group in module.load_balancer.target_groups : colour => { name = group.name, arn_suffix = group.arn_suffix } }
  hook                     = { function_name = module.hook.function_name, function_arn = module.hook.function_arn }
  pass_role_arns           = values(module.service.role_arns)
  revision_arns            = module.pipeline.artifact_arns
  traffic                  = var.traffic
  termination_wait         = var.termination_wait
  alarm_5xx_per_minute     = var.alarm_5xx_per_minute
  stop_on_alarm            = var.stop_on_alarm
  alarm_names              = var.alarm_names
  alarm_actions            = [module.pipeline.topic_arn]
}

module "pipeline" {
  source = "./modules/pipeline"

  name         = var.name
  repository   = var.repository
  branch       = var.branch
  context      = var.context
  connection   = var.connection
  architecture = var.architecture
  codedeploy = {
    application_name       = local.application
    deployment_group_name  = local.deployment_group
    deployment_config_name = module.deployment.deployment_config_name
  }
  app_spec                 = module.deployment.app_spec
  task_definition_template = module.service.task_definition_template
  pass_role_arns           = values(module.service.role_arns)
  notify_emails            = var.notify_emails
  log_retention_days       = var.log_retention_days
  keep_images              = var.keep_images
  protect                  = var.protect
}
