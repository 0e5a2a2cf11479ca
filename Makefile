# What there is to do: `make help`. It needs Python 3.11 or newer and make; the rest it installs
# into .venv. PYTHON=path picks the Python.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help evaluate test lint types unit docs browser spark format bench constraints clean FORCE

STUDY ?= examples/help/study.toml
export STUDY OUT
# So that compiled modules stay in .venv and the second run is quick.
unexport PYTHONDONTWRITEBYTECODE

bin := .venv/bin
pytest := $(bin)/python -m pytest

help: ## Show this list
	@echo "make TASK, where TASK is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'

evaluate: .venv/.installed ## Evaluate a study and write its report: STUDY=path/to/study.toml OUT=folder
	@folder=$$(cd "$$(dirname "$$STUDY")" 2>/dev/null && pwd); \
	out=$${OUT:-build/$$(basename "$${folder:-study}")}; \
	echo "==> cpeval evaluate $$STUDY --out $$out"; \
	$(bin)/cpeval evaluate "$$STUDY" --out "$$out"

test: lint types unit docs browser spark ## Check everything: style, types, tests, examples in docstrings, documentation

lint: .venv/.tests ## Check style
	@echo "==> Style"
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .

types: .venv/.tests ## Check types
	@echo "==> Types"
	@$(bin)/python -m mypy

unit: .venv/.tests ## Run the tests and the examples in docstrings, without browser, Spark and documentation
	@echo "==> Tests"
	@$(pytest) -m "not browser and not spark and not docs"

docs: .venv/.tests ## Build the documentation into build/docs, and check its links and names
	@echo "==> Documentation"
	@$(bin)/python -m sphinx -W --keep-going -q -j 2 docs build/docs || \
		{ rm -rf build/docs; echo "FAILED: the documentation has warnings, above." >&2; exit 1; }
	@$(pytest) -m "docs and not browser"

# $(call group,what it needs,marker): run a group of tests whose need may be absent. Left out
# with a word on it; in CI that is a failure.
define group
	@if sh .ci/system-packages $(1); then \
		echo "==> Tests: $(2)"; $(pytest) -m $(2); \
	else \
		case "$$CI" in \
		true|TRUE|True|1) echo "FAILED: in CI the $(2) tests can't be left out." >&2; exit 1;; \
		*) echo "LEFT OUT: the $(2) tests.";; \
		esac; \
	fi
endef

browser: .venv/.tests ## Run the tests that open pages in Chromium
	$(call group,chromium,browser)

spark: .venv/.tests ## Run the tests that need Spark, and so Java
	$(call group,java,spark)

format: .venv/.tests ## Format the code, and mend what can be mended
	@$(bin)/ruff check --fix .
	@$(bin)/ruff format .

bench: .venv/.tests ## Time what has a goal: docs/benchmarks.md says more
	@for file in benchmarks/[!_]*.py; do \
		case "$$file" in */few_sites.py) continue;; esac; \
		echo "==> $$file"; $(bin)/python "$$file" || exit 1; \
	done

# One version of a package for all Pythons, so that all check types against the same stubs.
constraints: .venv/.python ## Take the newest versions that fit into constraints.txt
	@$(bin)/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
		--upgrade --no-annotate --custom-compile-command "make constraints" --output-file constraints.txt --quiet
	@echo "constraints.txt is new. Run make test on each Python before it is committed."

clean: ## Remove what was made here: .venv, build/ (with its reports) and caches
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf spark-warehouse metastore_db derby.log
	@find . -name __pycache__ -prune -exec rm -rf {} +

# .venv is made anew when it is absent, was moved, lost its Python, or PYTHON is another one.
# PYTHON is handed over by hand: make before 4.4 exports nothing to $(shell).
ifneq ($(shell PYTHON='$(PYTHON)' sh .ci/venv --check),ok)
.venv/.python: FORCE
endif
.venv/.python:
	@PYTHON='$(PYTHON)' sh .ci/venv

# $(call install,what): with uv, or with pip where uv is absent or fails.
define install
	@echo "==> Installing $(1) into .venv"
	@{ [ -x $(bin)/uv ] && $(bin)/uv pip install --python $(bin)/python -c constraints.txt -e "$(2)"; } || \
		$(bin)/python -m pip install --disable-pip-version-check -c constraints.txt -e "$(2)" || \
		{ echo "The installation failed: see above. It takes packages from PyPI, so it needs the network." >&2; exit 1; }
	@touch $@
endef

.venv/.installed: .venv/.python pyproject.toml constraints.txt
	$(call install,cpeval,.)

.venv/.tests: .venv/.installed
	$(call install,what the tests need,.[test])
