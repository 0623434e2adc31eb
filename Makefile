# From a bare clone: `make demo` and `make test` do all the set-up they need, in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
EXTRAS ?= dev

.PHONY: help demo test lint types contract bench smoke wheel clean
.DEFAULT_GOAL := help

help: ## Say what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/uv:
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.core: $(BIN)/uv pyproject.toml constraints.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(BIN)/uv pyproject.toml constraints.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core ## Signals on the bundled sample: real bars, headlines, reasons
	@$(BIN)/augury demo

test: $(VENV)/.dev ## Run the tests
	@$(BIN)/augury warm
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/.dev ## Formatting and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev ## Strict types
	$(BIN)/mypy

contract: $(VENV)/.dev ## Which room may import which
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## Benchmarks against the peers, as one table; writes docs/performance.md
	$(BIN)/python benchmarks/run.py --write docs/performance.md

smoke: $(VENV)/.dev ## Benchmarks in small sizes: that they run and agree; their times mean nothing
	$(BIN)/python benchmarks/run.py --smoke

wheel: $(VENV)/.dev ## Build the wheel and try it with its core dependencies only
	$(BIN)/python scripts/smoke_wheel.py

clean: ## Remove everything that was made, compiled kernels included
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
