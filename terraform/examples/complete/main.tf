# Everything: from a push to GitHub to a version that customers see, with the
# gate between. `make deploy` applies this example, which takes every variable of
# the module.

provider "aws" {
  region = var.region

  default_tags {
    tags = { Application = var.name, ManagedBy = "Terraform" }
  }
}

module "greenlight" {
  source = "../.."

  name                 = var.name
  repository           = var.repository
  branch               = var.branch
  context              = var.context
  connection           = var.connection
  package              = var.package
  package_architecture = var.package_architecture
  vpc                  = var.vpc
  cidr                 = var.cidr
  zones                = var.zones
  exclude_zone_ids     = var.exclude_zone_ids
  nat                  = var.nat
  internal             = var.internal
  tls                  = var.tls
  production_cidrs     = var.production_cidrs
  test_port            = var.test_port
  test_cidrs           = var.test_cidrs
  access_logs_bucket   = var.access_logs_bucket
  container_port       = var.container_port
  health_check_path    = var.health_check_path
  deregistration_delay = var.deregistration_delay
  initial_image        = var.initial_image
  cpu                  = var.cpu
  memory               = var.memory
  architecture         = var.architecture
  environment          = var.environment
  secrets              = var.secrets
  secrets_kms_key_arns = var.secrets_kms_key_arns
  scaling              = var.scaling
  execute_command      = var.execute_command
  container_insights   = var.container_insights
  hook                 = var.hook
  proof                = var.proof
  identity             = var.identity
  traffic              = var.traffic
  termination_wait     = var.termination_wait
  alarm_5xx_per_minute = var.alarm_5xx_per_minute
  stop_on_alarm        = var.stop_on_alarm
  alarm_names          = var.alarm_names
  notify_emails        = var.notify_emails
  keep_images          = var.keep_images
  log_retention_days   = var.log_retention_days
  protect              = var.protect
}
