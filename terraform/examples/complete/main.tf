# Everything: from a push to GitHub to a version that customers see, with the
# gate between. `make deploy` applies this example.

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
  package              = var.package
  package_architecture = var.package_architecture
  tls                  = var.tls
  test_cidrs           = var.test_cidrs
  notify_emails        = var.notify_emails
  hook                 = var.hook
  identity             = var.identity

  scaling = {
    requests = 1000
  }

  # A tenth of the customers first, the others five minutes later.
  traffic = {
    type       = "canary"
    percentage = 10
    interval   = 5
  }
}
