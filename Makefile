# `make demo` and `make test` are the two commands; each makes its own environment when it is missing or out of date.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.from-lock

.DELETE_ON_ERROR:
.PHONY: demo test faults lint lock clean help

help:
	@echo "make demo   real decisions of all three kinds, then a running service (Ctrl-C stops it)"
	@echo "make test   the whole test suite"
	@echo "make faults the fault tests as often as promised, with their figures: some hours"
	@echo "make lint   ruff and mypy"
	@echo "make lock   pin the dependencies of pyproject.toml anew"

# The environment is exactly the lock: pinned versions, checked hashes, then this project on top.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "writ needs Python 3.11 or newer; $(PYTHON) is older. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)
	@exec $(BIN)/writ demo

test: $(READY)
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile $(PYTEST_ARGS)

FAULTS := $(wildcard tests/test_faults_*.py tests/test_idempotency_*.py) tests/test_kill.py tests/test_tampering.py \
  tests/test_log_tree.py tests/test_log_search.py tests/test_erasure.py tests/test_secrets.py tests/test_replay_log.py

faults: $(READY)
	WRIT_FAULTS=long $(BIN)/python -m pytest -q -s $(FAULTS) $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-annotate --no-header --no-emit-index-url --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .demo
