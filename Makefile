# The two commands a stranger needs are `make run` and `make test`; the rest is for those who build.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
PIP_INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
export HF_HUB_OFFLINE := 1

.PHONY: install install-test run test check bench soak real book clean

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet $(PIP_INDEX) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --quiet $(PIP_INDEX) -c constraints.txt -e '.[test]'
	@touch $@

run: install
	@PORT=$(PORT) $(BIN)/survey serve

test: install-test
	.ci/system-packages
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest

check: install-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'survey/understand/*.py')

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
