# Everything a newcomer or CI needs; `make` alone lists it. Needs Python 3.11 or newer, pip, make and gcc.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready

# Hundreds of processes that the tests start would each compile our code.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo theory test test-fast test-machines coverage fuzz check format docs docs-serve clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

setup: $(READY) ## create the environment in .venv (downloads torch once, about 5 GB)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $(READY)

demo: $(READY) ## pretrain and probe infonce and direct on the embedded digits, and compare them
	$(BIN)/alphadsl train infonce direct --dataset digits --runs-dir runs/demo --overwrite

THEORY := build/theory
FIGURES := gradient game pca relu landscape spectrum
theory: $(READY) ## run the paper's statements and draw the figures of docs/theory.md anew, in under ten minutes
	mkdir -p $(THEORY) docs/assets/theory
	OMP_NUM_THREADS=1 $(MAKE) --jobs 2 $(addprefix theory-,$(FIGURES))
	cp $(FIGURES:%=$(THEORY)/%.png) docs/assets/theory/

.PHONY: $(addprefix theory-,$(FIGURES))
theory-gradient: ARGUMENTS := --all --draws 2
theory-game: ARGUMENTS := entropy
theory-pca: ARGUMENTS := infonce --depth 1..6
theory-relu: ARGUMENTS := infonce
theory-landscape: ARGUMENTS := infonce square
theory-spectrum: ARGUMENTS := --runs-dir $(THEORY)/runs
theory-spectrum: theory-runs
$(addprefix theory-,$(FIGURES)): theory-%: $(READY)
	$(BIN)/alphadsl theory $* $(ARGUMENTS) -o $(THEORY)/$*

# Short runs: what they show is where features go, not how good they get.
.PHONY: theory-runs
theory-runs: $(READY)
	$(BIN)/alphadsl train infonce direct square --dataset digits --epochs 10 --keep-every 2 --no-probe --overwrite \
	  --runs-dir $(THEORY)/runs

# A worker for each core, with one thread each: more threads than cores wait for each other.
test: $(READY) ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(READY) ## run the tests that are quick, and few cases of each; `make test` before every commit
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" --few

coverage: $(READY) ## run the tests and list the lines that none of them runs, in about half an hour
	OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -n auto --dist worksteal
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report

test-machines: $(READY) ## run the tests that need PostgreSQL, Ray and a browser: apt install postgresql chromium first
	$(BIN)/python -m pip install --quiet --editable '.[test,cluster,postgres]'
	ALPHADSL_MACHINES=1 $(BIN)/python -m pytest tests/machines

EXAMPLES ?= 20000
fuzz: $(READY) ## try to break the language with EXAMPLES texts and specs (20000), for about an hour
	ALPHADSL_FUZZ=$(EXAMPLES) $(BIN)/python -m pytest tests/fuzz tests/properties/test_general.py

check: $(READY) ## lint, formatting (of the specs too) and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/alphadsl fmt --check specs

format: $(READY) ## format the code and fix what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/alphadsl fmt specs

docs: $(DOCS_READY) ## build the manual into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

docs-serve: $(DOCS_READY) ## serve the manual on localhost:8000 while it is written
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve --strict

$(DOCS_READY): $(READY) pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $(DOCS_READY)

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
