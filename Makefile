# Every verb sets up what it needs. `make run` and `make test` are all that a newcomer has to know.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
SIZE ?= 1.0
SEED ?= 2026
HOME_DIR ?= data
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.PHONY: help run test check bench dagster docs lock clean

help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

$(VENV)/.ready: requirements.lock pyproject.toml scripts/install
	@scripts/install $(VENV)
	@touch $@

run: $(VENV)/.ready ## Make the synthetic partnership, take it in, build, publish; say where everything is
	@$(BIN)/scp --home $(HOME_DIR) run --synthetic --size $(SIZE) --seed $(SEED)

test: $(VENV)/.ready ## Everything: lint, types, all tests, browser tests, a small world end to end
	@scripts/test

check: $(VENV)/.ready ## The everyday fast path, under 100 seconds on two quiet cores
	@scripts/check

bench: $(VENV)/.ready ## Measure speed and memory as ratios to plain pyarrow and DuckDB in the same run
	@$(BIN)/python -m tests.benchmarks

dagster: $(VENV)/.ready ## Start Dagster on localhost with the last run visible
	@$(BIN)/scp --home $(HOME_DIR) dagster

docs: $(VENV)/.ready ## Write the generated files again: dbt sources, dictionary, specifications, templates, coverage
	@$(BIN)/scp contracts generate

lock: $(VENV)/.ready ## Resolve the newest versions that work together, with hashes
	@$(BIN)/uv pip compile pyproject.toml --extra transport --group dev --universal --generate-hashes --python-version 3.11 \
		--no-header --no-emit-index-url --no-annotate --upgrade -o requirements.lock

clean: ## Remove what runs and tests leave behind; data/ stays
	@rm -rf .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
