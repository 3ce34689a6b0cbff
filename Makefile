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
# The check files that travel in the package, as SOURCE or SOURCE:NAME-IN-ZIP.
CHECKS ?= smoke-tests/checks
TARGET ?=
EVENT ?= hook/events/local.json
PORT ?= 9000

CARGO_TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
PACKAGE := $(CARGO_TARGET)/lambda/bootstrap/bootstrap.zip

.PHONY: help
help: ## List the targets
	@echo "Greenlight: the gate of an Amazon ECS blue/green deployment"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo; echo "README.md says what each of them prints."

.PHONY: demo
demo: | cargo ## Rehearse two deployments on this machine: one passes, one must not
	@echo "building the hook and the rehearsal (the first time takes some minutes) …"
	@$(CARGO) build --quiet -p hook -p rehearsal
	@$(CARGO) run --quiet -p rehearsal -- demo --checks smoke-tests/checks

.PHONY: test
test: | cargo tools-if-possible ## Set up what is missing and run all tests
	$(CARGO) test --workspace

.PHONY: lint
lint: | cargo ## Formatting and lints; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

.PHONY: ci
ci: lint test package ## What CI runs: lints, tests, the package and its size
	@tools/check-package.sh "$(PACKAGE)"

.PHONY: watch
watch: | cargo tools ## Serve the hook locally with cargo-lambda (then: make invoke)
	$(CARGO_LAMBDA) lambda watch -A 127.0.0.1 -P $(PORT) --bin bootstrap

.PHONY: invoke
invoke: | tools ## Invoke the watched hook: make invoke TARGET=https://host:8443
	@$(CARGO_LAMBDA) lambda invoke -A 127.0.0.1 -P $(PORT) bootstrap --data-file $(EVENT)

.PHONY: package
package: | cargo tools ## Build the Lambda zip, check files included (ARCH=arm64 for Graviton)
	$(CARGO_LAMBDA) lambda build --release -p hook --bin bootstrap --output-format zip $(if $(filter arm64,$(ARCH)),--arm64,--x86-64) --include $(CHECKS)
	@ls -l $(PACKAGE)

.PHONY: bench
bench: | cargo ## Measure checks per second, peak memory and the Lambda's start
	$(CARGO) bench -p smoke-tests
	$(CARGO) bench -p hook

.PHONY: tools
tools: $(STAMP) ## Install cargo-lambda and boto3 into .tools/

$(STAMP): tools/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.9 or newer with venv" >&2; exit 1; }
	@echo "installing cargo-lambda and boto3 into $(TOOLS)/ …"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	@touch $@

# The tests skip loudly what needs a tool that cannot be had; CI has them all.
.PHONY: tools-if-possible
tools-if-possible:
	@$(MAKE) tools || { [ -z "$${CI:-}" ] || exit 1; echo "SKIPPED: cargo-lambda and boto3 could not be installed; the tests that need them will say so" >&2; }

.PHONY: cargo
cargo:
	@command -v $(CARGO) >/dev/null || { echo "make: cargo is missing: install Rust 1.95 or newer (https://rustup.rs)" >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built and installed here
	$(CARGO) clean
	rm -rf $(TOOLS)
