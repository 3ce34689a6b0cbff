# The targets of terraform/, part of the Makefile above.

TERRAFORM ?= terraform
# Their own folders: the packages want different versions of the same things.
TERRAFORM_VENV := $(TOOLS)/terraform
TERRAFORM_STAMP := $(TERRAFORM_VENV)/installed
# What `make deploy` applies, and with which variables beside terraform.tfvars:
# make deploy VARS='-var repository=you/shop'
EXAMPLE ?= terraform/examples/complete
VARS ?=
AUTO ?=
# A package that is there already, instead of one that is built.
ZIP ?=

.PHONY: test-terraform
test-terraform: | cargo ## Test the Terraform module: mocks, checkov, apply on moto
	@missing() { \
		[ -z "$${CI:-}" ] || { echo "make: $$1" >&2; exit 1; }; \
		echo "SKIPPED: NOTHING of terraform/ was tested: $$1" >&2; exit 0; \
	}; \
	command -v $(TERRAFORM) >/dev/null || missing "terraform is missing: install Terraform 1.9 or newer"; \
	$(MAKE) $(TERRAFORM_STAMP) || missing "moto and checkov could not be installed"; \
	$(CARGO) test --workspace --no-run --quiet; \
	TERRAFORM=$(TERRAFORM) TOOLS=$(abspath $(TERRAFORM_VENV)) BINARIES=$(CARGO_TARGET)/debug terraform/tests/run.sh

.PHONY: terraform-tools
terraform-tools: $(TERRAFORM_STAMP)

.PHONY: terraform-docs
terraform-docs: $(TERRAFORM_STAMP) ## Write the tables of terraform/README.md
	@$(TERRAFORM_VENV)/bin/python tools/terraform-docs.py

$(TERRAFORM_STAMP): tools/requirements-terraform.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.9 or newer with venv" >&2; exit 1; }
	@echo "installing moto, checkov, hadolint and the AWS command line into $(TERRAFORM_VENV)/ …"
	@$(PYTHON) -m venv $(TERRAFORM_VENV)
	@$(TERRAFORM_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: terraform
terraform:
	@command -v $(TERRAFORM) >/dev/null || { echo "make: terraform is missing: install Terraform 1.9 or newer" >&2; exit 1; }

# Which check files judge a release that brings none: make deploy CHECKS=folder
DEPLOYED_CHECKS = $(if $(filter file,$(origin CHECKS)),terraform/checks,$(CHECKS))
DEPLOYED = $(abspath $(or $(ZIP),$(PACKAGE)))

.PHONY: deploy
deploy: | terraform ## Package the hook and apply terraform/examples/complete
	@tools/announce.sh deploy $(EXAMPLE) $(AUTO)
	@$(if $(ZIP),,$(MAKE) package CHECKS=$(DEPLOYED_CHECKS))
	@$(TERRAFORM) -chdir=$(EXAMPLE) init -input=false
	@$(TERRAFORM) -chdir=$(EXAMPLE) apply -var package=$(DEPLOYED) -var package_architecture=$(ARCH) $(VARS) $(if $(AUTO),-input=false -auto-approve)

.PHONY: destroy
destroy: | terraform ## Remove what `make deploy` made
	@tools/announce.sh destroy $(EXAMPLE) $(AUTO)
	@$(TERRAFORM) -chdir=$(EXAMPLE) init -input=false
	@$(TERRAFORM) -chdir=$(EXAMPLE) destroy -var package=$(DEPLOYED) $(VARS) $(if $(AUTO),-input=false -auto-approve)
