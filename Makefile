# Every target does its own set-up: a fresh clone needs Python 3.11 or newer, make, and nothing else.
VENV  ?= .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.stamp
# xdist: one worker a core; the tests of one file stay on one worker, since some share a costly fixture.
PYTEST := $(BIN)/python -m pytest
# Tests start hundreds of processes; without bytecode each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check lint types layers corpus conformance fuzz fuzz-readers bench hostile screenshots recording lock clean help

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(STAMP) ## start the wizard on the practice server: no account, no network
	@$(BIN)/smtpwizard --demo

test: $(STAMP) ## run all tests
	$(PYTEST) -n auto --dist loadfile -q

check: $(STAMP) lint types layers test ## everything CI does

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports --no-cache

corpus: $(STAMP) ## print what explain makes of public reports: right, general, silent, misleading
	@PYTHONPATH=tests $(BIN)/python -m support.corpus $(V)

conformance: $(STAMP) ## play every server behaviour against the real mail clients and write docs/*-conformance.md
	SMTPWIZARD_WRITE_DOCS=1 $(PYTEST) tests/conformance -q

fuzz: $(STAMP) ## try every property of the tests below with N (1000) examples, which `make test` tries with fewer
	SMTPWIZARD_FUZZ=$(or $(N),1000) $(PYTEST) -n auto --dist loadfile -q --timeout 3600 $$(grep -rlE '[=( ]examples\(' tests --include='test_*.py')

fuzz-readers: $(STAMP) ## check N (10000) random values against every real reader of .env and compose files
	SMTPWIZARD_FUZZ=$(or $(N),10000) $(PYTEST) tests/targets/env/test_encode.py tests/targets/compose/test_edit.py -q

bench: $(STAMP) ## measure start-up, first frame, step change, memory, and check beside nodemailer and swaks
	$(BIN)/python bench/run.py

hostile: $(STAMP) ## print what hostile servers, N (20) kills during write and N parallel scans do; fail if a promise breaks
	$(BIN)/python bench/hostile.py $(or $(N),20)

screenshots: $(STAMP) ## draw every step at 80x24 and 120x36 into docs/screenshots
	PYTHONPATH=tests $(BIN)/python scripts/screenshots.py

recording: $(STAMP) ## record a walk of the real program into docs/recording-{dark,light}.svg
	PYTHONPATH=tests $(BIN)/python scripts/recording.py

lock: ## choose the versions of requirements/ anew within pyproject.toml's ranges (U=-U: the newest)
	scripts/lock $(U)

$(STAMP): pyproject.toml scripts/make-venv requirements/build.txt requirements/dev.txt
	@scripts/make-venv $(VENV)
	@touch $@

clean: ## remove what the targets above have made
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
