# The one front door. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

CARGO ?= cargo
PYTHON ?= python3
TOOLS := .tools
VENV := $(TOOLS)/venv
# Written when everything in tools/requirements.txt is installed.
STAMP := $(TOOLS)/installed
CARGO_LAMBDA := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" cargo-lambda

# The Lambda's architecture: x86_64 or arm64.
ARCH ?= x86_64
# Nothing is said of the target where it is this machine's own.
HOST := $(shell uname -sm)
TARGET_FLAG := $(if $(filter arm64,$(ARCH)),$(if $(filter-out Linux aarch64,$(HOST)),--arm64),$(if $(filter-out Linux x86_64,$(HOST)),--x86-64))
# The folder with the check files that travel in the package.
CHECKS ?= smoke-tests/checks
TARGET ?=
EVENT ?= hook/events/local.json
PORT ?= 9000

CARGO_TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
PACKAGE := $(CARGO_TARGET)/lambda/bootstrap/bootstrap.zip
STAGING := $(CARGO_TARGET)/package

.PHONY: help
help: ## List the targets
	@echo "Greenlight: the gate of an Amazon ECS blue/green deployment"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'
	@echo; echo "README.md says what each of them prints."

.PHONY: demo
demo: | cargo ## Rehearse two deployments on this machine: one passes, one must not
	@echo "building the hook and the rehearsal (the first time takes some minutes) …"
	@$(CARGO) build --quiet -p hook -p rehearsal
	@$(CARGO) run --quiet -p rehearsal -- demo --checks smoke-tests/checks

# Most tests wait for a process or a time-out: more at once than there are cores.
TEST_THREADS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 4))))

.PHONY: test
test: test-rust test-terraform ## Set up what is missing and run all tests

.PHONY: test-rust
test-rust: | cargo tools-if-possible browser-if-possible ## Test the engine, the hook and the rehearsal
	RUST_TEST_THREADS=$(TEST_THREADS) $(CARGO) test --workspace

.PHONY: lint
lint: | cargo ## Formatting and lints; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

# Side by side, because each waits a good deal: what is installed for others, the
# tests for time-outs and for Terraform's provider, the package for its one linker.
.PHONY: ci
ci: ## What CI runs: lints, tests, the package and its size
	@$(MAKE) -j4 --output-sync=target lint ci-tools
	@$(MAKE) -j2 --output-sync=target test-rust ci-rest

.PHONY: ci-tools
ci-tools: tools-if-possible browser-if-possible terraform-tools

# No lint sees `aws` without a person's credentials: so the package's own build
# takes no warning here.
.PHONY: ci-rest
ci-rest: STRICTLY := RUSTFLAGS="$${RUSTFLAGS:-} -D warnings"
ci-rest: package
	@$(MAKE) test-terraform

.PHONY: schema
schema: | cargo ## Write the JSON Schema of check files and the tables of its keys into docs/
	@$(CARGO) run --quiet -p smoke-tests -- schema > docs/check-file.schema.json.new
	@mv docs/check-file.schema.json.new docs/check-file.schema.json
	@WRITE_TABLES=1 $(CARGO) test --quiet -p check-file --lib the_tables_of_the_documents > /dev/null

.PHONY: stage
stage: | cargo ## Keep the rehearsal's shop up on https://localhost:8443, to try checks on
	@mkdir -p $(CARGO_TARGET)
	@$(CARGO) run --quiet -p rehearsal -- serve --test-port 8443 --ca-file $(CARGO_TARGET)/stage-ca.pem

.PHONY: watch
watch: | cargo tools ## Serve the hook locally with cargo-lambda (then: make invoke)
	@echo "serving the hook on 127.0.0.1:$(PORT); in another terminal: make invoke TARGET=https://host:8443"
	@SMOKE_CHECKS="$${SMOKE_CHECKS:-$(abspath $(CHECKS))}" $(CARGO_LAMBDA) lambda watch -A 127.0.0.1 -P $(PORT) --bin bootstrap

.PHONY: invoke
invoke: | tools ## Invoke the watched hook: make invoke TARGET=https://host:8443
	@$(CARGO_LAMBDA) lambda invoke -A 127.0.0.1 -P $(PORT) bootstrap --output-format json $(if $(TARGET),--data-ascii '{"target":"$(TARGET)"}',--data-file $(EVENT))

# cargo-lambda puts what it includes under the name it has in the current
# folder, and the hook looks for `checks` beside itself.
.PHONY: package
package: | cargo tools ## Build the Lambda zip, check files included (ARCH=arm64 for Graviton)
	@rm -rf $(STAGING) && mkdir -p $(STAGING) && cp -R $(CHECKS) $(STAGING)/checks
	@cd $(STAGING) && $(STRICTLY) $(CARGO_LAMBDA) lambda build --profile lambda --manifest-path $(CURDIR)/Cargo.toml -p hook --bin bootstrap --output-format zip $(TARGET_FLAG) --include checks
	@$(VENV)/bin/python tools/repack.py $(PACKAGE)
	@tools/check-package.sh $(PACKAGE)

include terraform/terraform.mk
include tools/others.mk

.PHONY: bench
bench: | cargo ## Measure checks per second, peak memory and the Lambda's start
	$(CARGO) bench -p smoke-tests
	$(CARGO) bench -p hook --profile lambda

# How many seconds each fuzz target runs.
TIME ?= 60

.PHONY: fuzz
fuzz: | cargo ## Search for inputs that break the engine (TIME=60 seconds each target)
	@command -v cargo-fuzz >/dev/null || { echo "installing cargo-fuzz …"; $(CARGO) install --quiet --locked cargo-fuzz; }
	@tools/fuzz.sh $(TIME)

.PHONY: tools
tools: $(STAMP) ## Install cargo-lambda, boto3 and moto into .tools/

$(STAMP): tools/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.9 or newer with venv" >&2; exit 1; }
	@echo "installing cargo-lambda, boto3 and moto into $(TOOLS)/ …"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	@touch $@

# The tests skip loudly what needs a tool that cannot be had; CI has them all.
.PHONY: tools-if-possible
tools-if-possible:
	@$(MAKE) tools || { [ -z "$${CI:-}" ] || exit 1; echo "SKIPPED: cargo-lambda, boto3 and moto could not be installed; the tests that need them will say so" >&2; }

# The HTML report is tested in a real browser.
.PHONY: browser-if-possible
browser-if-possible:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing chromium …" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	|| [ -z "$${CI:-}" ] \
	|| { echo "make: chromium is missing, and CI needs it" >&2; exit 1; }

.PHONY: cargo
cargo:
	@command -v $(CARGO) >/dev/null || { echo "make: cargo is missing: install Rust 1.95 or newer (https://rustup.rs)" >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built and installed here
	$(CARGO) clean
	rm -rf $(TOOLS)
