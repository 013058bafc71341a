# make demo | test | app | bench | lint: the first of them also makes .venv from requirements.lock.
# PYTHON=/path/to/python3.12 chooses the interpreter (3.11 to 3.13) that .venv is made with.
.DEFAULT_GOAL := help
.PHONY: help demo test slow app bench verify-drainage verify-routing verify-siting lint format
.PHONY: lock clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
  then echo $$p; break; fi; done)
BIN := .venv/bin
STAMP := .venv/.stamp
PYTEST := $(BIN)/python -m pytest -q

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-21s %s\n", $$1, $$2}'

# pip is the last thing venv writes: without it an earlier attempt was cut short.
$(STAMP): requirements.lock pyproject.toml
	@"$(or $(PYTHON),python3)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "CityClock needs Python 3.11, 3.12 or 3.13; $$("$(or $(PYTHON),python3)" --version 2>&1) is not." \
	    "Hint: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/pip || "$(PYTHON)" -m venv --clear .venv || \
	  { echo "Could not make .venv. Hint: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into .venv: about 1.4 GB, once; a minute or two"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: $(STAMP) ## the Hebi storms before and after the works: recession table, curves, report
	@$(BIN)/python -m scenarios.demo

test: $(STAMP) ## the tests, within five minutes on two cores
	$(PYTEST) -n 2 --dist worksteal

slow: $(STAMP) ## the tests that take longer
	$(PYTEST) -m slow || [ $$? = 5 ]  # 5: no test is marked slow

app: $(STAMP) ## the pages, at http://127.0.0.1:8501
	@$(BIN)/python -m streamlit run app.py

bench: $(STAMP) ## every claim of speed and accuracy, measured beside a peer
	@$(BIN)/python -m bench

verify-drainage: $(STAMP) ## docs/verification/drainage.md: SWMM on public files, and closed forms
	@$(BIN)/python -m bench.verify_drainage

verify-routing: $(STAMP) ## docs/verification/routing.md: routing engines on public files
	@$(BIN)/python -m bench.verify_routing --peers

verify-siting: $(STAMP) ## docs/verification/siting.md: p-median, cover and capacities on public files, beside spopt
	@$(BIN)/python -m bench.verify_siting

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP) ## put the source in ruff's format
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .

lock: ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --upgrade \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -q -o requirements.lock

clean: ## remove .venv and the tools' caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
