# Everything happens in .venv of this checkout. No path is written out, so any folder will do, with blanks too.

PYTHON ?= python3
ARGS ?=
RUNS ?=
DURATION ?=
SEED ?= 1
DB ?= all
BIN := .venv/bin
RUN := $(BIN)/python -m
INSTALLED := .venv/.installed

# the stamp of a finished installation holds the folder it is for: one that was moved or broken off is made anew
ifneq ($(shell cat $(INSTALLED) 2>/dev/null),$(CURDIR))
.PHONY: $(INSTALLED)
ANEW := --clear
endif

.DEFAULT_GOAL := help
.PHONY: help setup hooks demo test test-all chaos failover crash rivals simulate cov bench fmt lint types imports docs

help: ## Lists the targets; ARGS="..." is passed on, PYTHON=... chooses the interpreter
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## Makes the virtual environment and installs everything, once

$(INSTALLED): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'doclife needs Python 3.11 or later; name one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@echo 'Installing into .venv ...' >&2
	@"$(PYTHON)" -m venv $(ANEW) .venv || \
		{ echo 'This Python has no venv module (Debian: apt-get install python3-venv).' >&2; exit 1; }
	@# the build backend is pinned like all else, which an isolated build would not do
	@$(RUN) pip install --disable-pip-version-check --quiet -c constraints.txt hatchling
	@$(RUN) pip install --disable-pip-version-check --quiet -c constraints.txt --no-build-isolation \
		-e '.[cli,postgres,mariadb,tracing,test,dev]'
	@printf '%s' '$(subst ','\'',$(CURDIR))' > $(INSTALLED)

hooks: setup ## Installs the git hooks of .pre-commit-config.yaml
	@$(BIN)/prek install

demo: setup ## Runs the example app on a fresh site: python -m example_app
	@$(RUN) example_app $(ARGS)

test: setup ## Runs the tests but the slow ones
	@$(RUN) pytest -n auto --dist worksteal -m 'not slow' $(ARGS)

test-all: setup ## Runs all tests
	@$(RUN) pytest -n auto --dist worksteal $(ARGS)

chaos: setup ## Kills whatever there is while jobs are written and run, and counts them: DURATION=60 SEED=1 DB=mariadb
	@$(RUN) tests.integration.chaos --duration $(or $(DURATION),60) --seed $(SEED) --db $(DB:all=sqlite) $(ARGS)

failover: setup ## Kills the leading scheduler again and again and counts the runs: DURATION=300 SEED=1 DB=postgres
	@$(RUN) tests.integration.failover --duration $(or $(DURATION),60) --seed $(SEED) --db $(DB:all=sqlite) $(ARGS)

crash: setup ## Kills processes in nested saves and looks for half-written documents: RUNS=200 SEED=1 DB=mariadb
	@$(RUN) tests.integration.crash --runs $(or $(RUNS),200) --seed $(SEED) --db $(DB) $(ARGS)

rivals: setup ## Lets two processes submit invoices of the same outlets and looks at the books: RUNS=500 DB=postgres
	@$(RUN) tests.integration.rivals --runs $(or $(RUNS),500) --db $(DB) $(ARGS)

simulate: setup ## Plays two years of schedules minute by minute beside a model of crontab, in four time zones: SEED=1
	@$(RUN) tests.simulation --seed $(SEED) $(ARGS)

cov: setup ## Runs the tests and prints what they do not reach
	@$(RUN) pytest -n auto --dist worksteal --cov --cov-report=term-missing $(ARGS)

bench: setup ## Measures doclife beside its yardsticks on the databases that answer; writes .benchmarks/table.md
	@$(RUN) benchmarks --out .benchmarks/table.md $(ARGS)

fmt: setup ## Formats the code and mends what ruff can mend
	@$(RUN) ruff check --fix-only --quiet .
	@$(RUN) ruff format .

lint: setup ## Checks format and lint rules
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .

types: setup ## Checks the types of doclife and example_app, strictly
	@$(RUN) mypy

imports: setup ## Checks the floors: who may import whom
	@$(BIN)/lint-imports --no-logo

docs: setup ## Writes the generated pages of docs/
	@$(BIN)/doclife docs events > docs/events.md.new
	@mv docs/events.md.new docs/events.md
