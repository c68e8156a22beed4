# Comity. The two commands of the README are `make test` and `make demo`; `make help` lists all.
#
# They need Rust (rustup or a distribution's cargo, 1.95 or later) and a C compiler as linker.
# Nothing is written into the clone but out/; build products go to CARGO_TARGET_DIR.

SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE            ?= $(HOME)/.cache/comity
CARGO_TARGET_DIR ?= $(CACHE)/target
export CACHE CARGO_TARGET_DIR

CARGO  ?= cargo
# The binary that the tests exercise, and the one that the demo and the bench run.
DEBUG   = $(CARGO_TARGET_DIR)/debug/comity
RELEASE = $(CARGO_TARGET_DIR)/release/comity
OUT    ?= out

# DataFusion builds for half an hour and is asked for by name only (docs/adr/0018-cluster.md).
WITHOUT_CLUSTER = --workspace --exclude comity-cluster
WITH_CLUSTER    = -p comity -p comity-cluster --features comity/cluster

.PHONY: help test test-cluster soak fmt fmt-check clippy unit deny policies docs demo replay bench test-prints advisories fuzz fuzz-api clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

test: ## Everything that must hold before a change is taken: format, lints, dependencies, policies, tests
	@scripts/tools-present
	@$(MAKE) fmt-check
	@$(MAKE) clippy
	@$(MAKE) deny
	@$(MAKE) policies
	@$(MAKE) unit

fmt: ## Format the source
	@$(CARGO) fmt --all

fmt-check:
	@echo '== format'
	$(CARGO) fmt --all --check

clippy: ## Lints, warnings are errors
	@echo '== lints'
	$(CARGO) clippy $(WITHOUT_CLUSTER) --all-targets --locked -- -D warnings

unit: ## cargo test, with a closing line that counts
	@echo '== tests'
	scripts/count-tests $(CARGO) test $(WITHOUT_CLUSTER) --locked --no-fail-fast

test-cluster: ## Replays on a scheduler and two executors, one of which is killed; builds DataFusion
	@echo '== cluster: lints and tests'
	@# The linter stands in for the compiler of our own crates, so that nothing is built twice.
	RUSTC_WORKSPACE_WRAPPER=$${CLIPPY_DRIVER:-clippy-driver} CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__ \
	  scripts/count-tests $(CARGO) test $(WITH_CLUSTER) --locked --no-fail-fast --lib --test cluster

test-prints: ## Tests with real fingerprints, outside of the repository: make test-prints COMITY_PRINTS=DIR
	COMITY_PRINTS='$(COMITY_PRINTS)' $(CARGO) test --locked --release -p comity-print --features eval-prints --test 'prints_*'

deny: ## Licenses, bans and sources of every dependency
	@echo '== dependencies'
	@deny=$$(scripts/cargo-deny) && "$$deny" check licenses bans sources

advisories: ## Known vulnerabilities of dependencies; needs GitHub (docs/adr/0012-supply-chain.md)
	@deny=$$(scripts/cargo-deny) && "$$deny" check advisories

policies: ## Check, test and cover the policy library with the built binary
	@echo '== policies'
	@# The choice of crates of the tests: with another one their libraries get other features,
	@# and are built twice.
	$(CARGO) build --locked $(WITHOUT_CLUSTER) --bins --tests --examples
	$(DEBUG) policy check
	$(DEBUG) policy test
	$(DEBUG) policy cover

docs: ## Write the reference that is generated from the schema, and the pages of the crates
	@$(CARGO) run --locked -q -p comity-model --example generate-reference -- docs/reference
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked $(WITHOUT_CLUSTER) --no-deps

demo: ## A day of a jail and a federal office, live, after ten years of bookings replayed (make replay)
	@$(MAKE) replay
	$(RELEASE) demo --once --speed 20000 --folder $(OUT)/demo

replay: ## Replay ten years of bookings under eight policies; writes out/travis
	@scripts/tools-present demo
	$(CARGO) build --locked --release -p comity
	scripts/demo $(RELEASE) $(OUT)/travis

bench: ## The measurements that the documents cite, beside their peers
	@$(CARGO) bench --locked --manifest-path benches/Cargo.toml

fuzz: ## A longer run of the hostile-bytes tests: make fuzz ROUNDS=2000000
	@COMITY_HOSTILE_ROUNDS=$${ROUNDS:-500000} COMITY_HOSTILE_SECONDS=$${SECONDS_MAX:-1800} \
	  $(CARGO) test --locked --release -p comity-policy -p comity-replay -p comity-print \
	  -p comity-ledger -p comity-exchange \
	  --test hostile_bytes --test hostile_tables --test formats_hostile --test hostile_gallery -- --nocapture

fuzz-api: ## The API against its OpenAPI document, as every role, with schemathesis (needs Python)
	$(CARGO) build --locked $(WITHOUT_CLUSTER) --bins
	scripts/fuzz-api $(DEBUG) --examples $${EXAMPLES:-50}

soak: ## Ten million random cases decided one by one and as tables: make soak CASES=… SEED=…
	$(CARGO) run --locked --release -p comity-policy --example soak -- --cases $${CASES:-10000000} --seed $${SEED:-1}

clean: ## Remove out/ and the build products
	@rm -rf $(OUT) '$(CARGO_TARGET_DIR)'
