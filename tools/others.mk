# The tools that people come from, to run beside what `smoke import` makes of
# their files.

OTHERS := $(TOOLS)/others
HURL_VERSION := 8.0.1
NEWMAN_VERSION := 6

.PHONY: beside-others
beside-others: | cargo $(OTHERS)/bin/hurl $(OTHERS)/node_modules/.bin/newman ## Compare imported files with real Hurl and newman (builds Hurl: up to 15 minutes)
	@PATH="$(abspath $(OTHERS))/bin:$(abspath $(OTHERS))/node_modules/.bin:$$PATH" \
	IMPORT_EXAMPLES="$(abspath $(OTHERS))/examples" \
	$(CARGO) test -p smoke-tests --test smoke import::

# The package of Hurl holds examples in its own description.
$(OTHERS)/bin/hurl:
	@tools/others.sh
	@echo "building Hurl $(HURL_VERSION), which takes from 4 to 15 minutes …"
	@CARGO_TARGET_DIR="$(abspath $(OTHERS))/target" $(CARGO) install --quiet hurl --version $(HURL_VERSION) --locked --root $(OTHERS)
	@mkdir -p $(OTHERS)/examples
	@cp "$${CARGO_HOME:-$$HOME/.cargo}"/registry/src/*/hurl-$(HURL_VERSION)/README.md $(OTHERS)/examples/hurl.md
	@rm -rf $(OTHERS)/target

$(OTHERS)/node_modules/.bin/newman:
	@command -v npm >/dev/null || { echo "make: npm is missing: install Node.js (Debian: sudo apt-get install npm)" >&2; exit 1; }
	@echo "installing newman $(NEWMAN_VERSION) into $(OTHERS)/ …"
	@npm install --silent --no-fund --no-audit --prefix $(OTHERS) newman@$(NEWMAN_VERSION)
