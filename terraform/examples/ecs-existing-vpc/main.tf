# The pipeline inside a network that is there already, behind an internal load
# balancer: nothing of it is on the internet.

provider "aws" {
  region = var.region
}

module "greenlight" {
  source = "../.."

  name       = var.name
  repository = var.repository
  package    = var.package
  internal   = true

  # The private subnets need a way to ECR, CloudWatch Logs, CodeDeploy, ECS and
  # Elastic Load Balancing: NAT, or interface endpoints.
  vpc = {
    id                 = var.vpc_id
    private_subnet_ids = var.private_subnet_ids
  }

  tls              = var.tls
  production_cidrs = var.production_cidrs
}
