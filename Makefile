# The tasks of Pharos: `make help` lists them. Each is a call of cargo or of a short script in scripts/.

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# Builds need no database: .sqlx holds what the queries were checked against.
export SQLX_OFFLINE := true
export PATH := $(PATH):$(CURDIR)/.tools/bin

TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOL := sh scripts/tools.sh
STEP := sh scripts/step.sh
BUF := .tools/buf/node_modules/.bin/buf

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

# What the README names

.PHONY: run
run: compiler $(if $(DATABASE_URL),,postgres) ## Build for release and run everything in one process; ARGS='--data DIR' and so on
	@cargo build --release --package pharos
	@$(TARGET)/release/pharos up $(ARGS)

.PHONY: test
test: compiler postgres python node chromium mail-servers buf ## Run every test; ARGS is passed to the runner, such as the name of one test
	@cargo build --workspace --all-targets
	@cargo test --quiet --workspace --doc
	@if cargo nextest --version >/dev/null 2>&1; then \
	    $(TARGET)/debug/with-postgres cargo nextest run --workspace --all-targets $(ARGS); \
	else \
	    $(TARGET)/debug/with-postgres cargo test --workspace --all-targets $(ARGS); \
	fi

# The others

.PHONY: demo
demo: compiler $(if $(DATABASE_URL),,postgres) ## Run everything on a throw-away folder, with two incidents replayed
	@cargo build --release --package pharos
	@sh scripts/demo.sh $(TARGET)/release/pharos

.PHONY: bench
bench: compiler postgres mail-servers web-servers bench-node ## Measure, on a release build; ARGS='wire queue' and so on for some of it
	@cargo build --release --package pharos --package pharos-tests --bins
	@$(TARGET)/release/bench $(ARGS)

.PHONY: soak
soak: compiler postgres ## Kill, stop and race senders over SUBSCRIBERS=100000, on a release build
	@cargo build --release --package pharos --package pharos-tests --bins
	@PHAROS_TEST_CROWD=$(or $(SUBSCRIBERS),100000) $(TARGET)/release/with-postgres cargo test --release \
	    --package pharos-tests --test scenarios fan_out::crashes -- --nocapture --test-threads 2

.PHONY: check
check: ## Do all that CI does, in its order, and stop at the first failure
	@$(STEP) 'set-up' $(MAKE) compiler postgres python node chromium mail-servers buf live-node deny machete
	@$(STEP) 'lock file' cargo fetch --locked
	@$(STEP) 'format' cargo fmt --all --check
	@$(STEP) 'clippy' cargo clippy --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS='-D warnings' $(STEP) 'docs' cargo doc --workspace --no-deps
	@$(STEP) 'query metadata' $(MAKE) sqlx-check
	@$(STEP) 'script of the pages' $(MAKE) live-check
	@$(STEP) 'contracts: lint' $(BUF) lint proto
	@$(STEP) 'contracts: format' $(BUF) format proto --path proto/pharos --diff --exit-code
	@$(STEP) 'licences and bans' cargo deny --offline check bans licenses sources
	@$(STEP) 'unused dependencies' cargo machete
	@$(STEP) 'tests' $(MAKE) test

.PHONY: sqlx
sqlx: compiler postgres ## Write .sqlx anew, after a change of queries or migrations
	@sh scripts/sqlx.sh

.PHONY: sqlx-check
sqlx-check: compiler postgres ## Check that .sqlx is what `make sqlx` would write
	@sh scripts/sqlx.sh --check

.PHONY: live
live: buf live-node ## Write services/edge/static/live.js anew, after a change in services/edge/live
	@sh scripts/live.sh

.PHONY: live-check
live-check: buf live-node ## Test the pages' script, and check that live.js is what `make live` would write
	@sh scripts/live.sh --check

# Set-up: each does nothing if what it brings is there

.PHONY: compiler postgres python node chromium mail-servers web-servers bench-node live-node buf deny machete
compiler: ## Make sure that there is a C compiler
	@$(TOOL) compiler
postgres: ## Make sure that there are PostgreSQL's programs; fetched into a cache folder if none are installed
	@$(TOOL) postgres
python: ## Install what the tests need from Python into .tools
	@$(TOOL) python
node: ## Install what the tests need from npm into .tools
	@$(TOOL) node
chromium: ## Make sure that there is a Chromium, or a Chrome, for the tests of the pages
	@$(TOOL) chromium
mail-servers: ## Unpack Debian's postfix, opensmtpd and libfaketime into .tools
	@$(TOOL) mail-servers
web-servers: ## Unpack Debian's nginx and wrk into .tools, which the benchmarks compare with
	@$(TOOL) web-servers
bench-node: ## Install what the benchmarks compare with from npm into .tools
	@$(TOOL) bench-node
live-node: ## Install what makes the script of the status pages from npm into .tools
	@$(TOOL) live-node
buf: ## Install the linter of the contracts into .tools
	@$(TOOL) buf
deny: ## Install cargo-deny into .tools, if it is not there
	@$(TOOL) cargo-deny
machete: ## Install cargo-machete into .tools, if it is not there
	@$(TOOL) cargo-machete
