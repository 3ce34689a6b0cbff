# The pipeline inside a network that is there already, behind an internal load
# balancer: nothing of it is on the internet.

provider "aws" {
  region = var.region
}

module "greenlight" {
  source = "../.."

  name                 = var.name
  repository           = var.repository
  package              = var.package
  package_architecture = var.package_architecture
  internal             = true

  # The private subnets need a way out, NAT for example. With endpoints alone
  # there is none to public.ecr.aws, so that `initial_image` has to name an image
  # of ECR; the tasks need those of ECR (`ecr.api`, `ecr.dkr`), S3 and CloudWatch
  # Logs, the gate those of CodeDeploy, ECS, Elastic Load Balancing, S3 and SNS,
  # and of Secrets Manager and SSM where check files or `secrets` name any.
  vpc = {
    id                 = var.vpc_id
    private_subnet_ids = var.private_subnet_ids
  }

  tls              = var.tls
  production_cidrs = var.production_cidrs
}
