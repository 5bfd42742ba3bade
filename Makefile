# Sluice: every command a person needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLES ?= 12
PORT ?= 4566
MYPY := $(BIN)/mypy

.DEFAULT_GOAL := help
.PHONY: help demo local test unit lint format lock pr clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/.local ## run SAMPLES=12 real low-pass samples through Sluice on this machine
	@$(BIN)/sluice-local demo --samples $(SAMPLES)

local: $(VENV)/.local ## serve Local AWS with the stack deployed on PORT=4566 until Ctrl-C
	@$(BIN)/sluice-local up --port $(PORT)

test: lint ## lint, type-check and run every test
	$(BIN)/pytest

unit: $(VENV)/.dev ## the quick tests only
	$(BIN)/pytest tests/unit tests/functional

lint: $(VENV)/.dev ## ruff, mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## compile pyproject's dependency groups into requirements files with hashes (needs uv)
	./requirements/lock

pr: format test ## all that a change must pass

clean: ## remove what the other targets made
	rm -rf $(VENV) out build .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.local: requirements/local.txt pyproject.toml
	@./requirements/install $(PYTHON) $(VENV) requirements/local.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@./requirements/install $(PYTHON) $(VENV) requirements/dev.txt
	@touch $(VENV)/.local $@
