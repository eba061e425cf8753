# Each target does its own set-up: a virtual environment in .venv with pinned, hashed dependencies.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo up test simulate chaos check bench docs lock clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.made: requirements/base.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Gnatwork needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	@echo 'Making a virtual environment in $(VENV); this takes a minute, once …'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt -r requirements/build.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements/dev.txt
	@echo 'Adding what tests and checks need …'
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.made ## Start everything, run a real workflow, watch it live
	@$(BIN)/gnatwork demo

up: $(VENV)/.made ## Start everything on this machine
	@$(BIN)/gnatwork up

test: $(VENV)/.dev ## Unit, integration and acceptance tests
	$(BIN)/pytest

simulate: $(VENV)/.dev ## Simulate with SEEDS seeds from START on; exit status 1 and the seed when one fails
	PYTHONPATH=tests $(BIN)/python -m simulation --seeds $(or $(SEEDS),2000) --start $(or $(START),0)

chaos: $(VENV)/.dev ## Kill, freeze and cut off real processes under load, then check; RUNS=, KILLS=, SEED=
	PYTHONPATH=tests $(BIN)/python -m chaos --runs $(or $(RUNS),10000) --kills $(or $(KILLS),200) $(if $(SEED),--seed $(SEED))

check: $(VENV)/.dev ## Format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## Measure the product beside the floor, as ratios
	$(BIN)/python -m bench

docs: $(VENV)/.dev ## Write the generated reference pages anew
	$(BIN)/python -m docs.generate

lock: $(VENV)/.dev ## Pin the newest dependencies that pyproject.toml allows
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --annotation-style=line -o requirements/base.txt pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --annotation-style=line --allow-unsafe -o requirements/build.txt requirements/build.in
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --annotation-style=line --allow-unsafe -c requirements/base.txt --extra dev -o requirements/dev.txt pyproject.toml

clean: ## Remove the virtual environment and all caches
	rm -rf $(VENV) .gnatwork .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
