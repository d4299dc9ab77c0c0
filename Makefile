# The two commands a stranger needs are `make run` and `make test`; the rest is for those who build.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
PIP_INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
export HF_HUB_OFFLINE := 1
# What is compiled once is kept, whatever the shell says: else each process compiles torch anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install install-test system-packages run test suite check bench soak real catalogues book clean

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	@# Today's pip chooses among a package's many versions in a third of the time of an older one.
	$(BIN)/pip install --quiet --upgrade 'pip>=25' || echo "The older pip will do; it takes longer."

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing the Python packages into $(VENV); the first time this takes some minutes."
	$(BIN)/pip install --quiet $(PIP_INDEX) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing the Python packages into $(VENV); the first time this takes some minutes."
	$(BIN)/pip install --quiet --no-compile $(PIP_INDEX) -c constraints.txt -e '.[test]'
	@# Only what is used is compiled, and here, so that the test processes do not all do it at once.
	@$(BIN)/python -c "import sentence_transformers, playwright.sync_api, survey.cli, survey.app"
	@touch $(VENV)/.installed $@

system-packages:
	.ci/system-packages

run: install
	@PORT=$(PORT) $(BIN)/survey serve

# Installing mostly waits for the network, and checking needs one core: each goes beside the other.
test:
	$(MAKE) --no-print-directory -j2 install-test system-packages
	$(MAKE) --no-print-directory -j2 check suite

# Three test processes share the cores: more threads in each would wait for each other.
suite: install-test system-packages
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# The long runs: large fuzz counts, simulations, load. Not part of `make test`.
soak: install-test system-packages
	SURVEY_SOAK=1 $(BIN)/python -m pytest -m soak

# A CSV of real answers through the whole story, in a fresh data directory, with a report.
real: install
	@test -n "$(FILE)" || { echo "Say which file: make real FILE=answers.csv" >&2; exit 2; }
	$(BIN)/python -m bench.real "$(FILE)"

bench: $(VENV)/.installed-bench
	for name in web_process answer_post customer_pages pages one_more search answer_map ask_list themes ledger; do \
	  echo "== bench/$$name.py"; $(BIN)/python -m bench.$$name || exit 1; done

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(BIN)/pip install --quiet $(PIP_INDEX) -c constraints.txt -e '.[bench]'
	@touch $@

check: install-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'survey/understand/*.py')

# Collects what the customer's side says, brings each language's catalogue up to date, compiles it.
catalogues: install-test
	$(BIN)/python -m tests.support.catalogues

book: install
	$(BIN)/python -m survey.understand.training

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
