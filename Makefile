# Everything a newcomer needs: `make serve` and `make test` install what they use.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV ?= .venv
DEV_VENV ?= .venv-dev
LIFELINES_VENV ?= .venv-lifelines
BENTOML_VENV ?= .venv-bentoml
BIN := $(VENV)/bin
DEV := $(DEV_VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
BUNDLE := models/bundles/jcog1017-synthetic
STUDY_FACTOR ?= 20

.PHONY: help serve test lint fix bundle bench study coverage docs screenshots translations lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

serve: $(VENV)/.installed ## Install, verify the bundle, serve form and API on 127.0.0.1:8000
	$(BIN)/equipoise serve --host $(HOST) --port $(PORT)

test: $(DEV_VENV)/.installed $(LIFELINES_VENV)/.installed ## Install what the tests need and run them all
	sh scripts/test-tools.sh
	LIFELINES_PYTHON="$(abspath $(LIFELINES_VENV))/bin/python" \
	  sh scripts/timed.sh $(DEV)/python -m pytest -n 2 --dist loadscope $(PYTEST_ARGS)

lint: $(DEV_VENV)/.installed ## Check style, types and the arrows between the packages
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/mypy
	$(DEV)/lint-imports
	$(DEV)/python scripts/docstrings.py

fix: $(DEV_VENV)/.installed ## Mend what the linters can mend
	$(DEV)/ruff check --fix .
	$(DEV)/ruff format .

bundle: $(DEV_VENV)/.installed ## Search for the reference cohort afresh, rebuild the default bundle
	$(DEV)/equipoise simulate --rebuild --out training/reference/cohort.csv
	$(DEV)/equipoise simulate --cohorts 10 --out training/reference/matched
	$(DEV)/equipoise train --out $(BUNDLE)

bench: $(DEV_VENV)/.installed $(LIFELINES_VENV)/.installed $(BENTOML_VENV)/.installed ## Measure beside peers, on an idle machine, 25 minutes (BENCH=answers: one group)
	sh scripts/test-tools.sh
	LIFELINES_PYTHON="$(abspath $(LIFELINES_VENV))/bin/python" \
	  BENTOML_PYTHON="$(abspath $(BENTOML_VENV))/bin/python" $(DEV)/python -m benchmarks $(BENCH)

study: $(DEV_VENV)/.installed ## Run the property tests long (STUDY_FACTOR times, seed fixed); see also coverage
	EXAMPLES_FACTOR=$(STUDY_FACTOR) sh scripts/timed.sh $(DEV)/python -m pytest -n 2 \
	  --hypothesis-seed=20250704 -m "property" $(PYTEST_ARGS)

coverage: $(DEV_VENV)/.installed ## Go on with the coverage study for 25 minutes and write its tables
	$(DEV)/python -m studies coverage $(COVERAGE_ARGS)

docs: $(DEV_VENV)/.installed ## Write docs/reference, the tables of subgroups and eligibility, and the worked patients
	$(DEV)/python scripts/reference.py
	$(DEV)/python scripts/subgroup_table.py
	$(DEV)/python scripts/eligibility_page.py
	$(DEV)/python scripts/worked_patients.py

screenshots: $(DEV_VENV)/.installed ## Take pictures of every page and state into artefacts/screenshots, to be looked at
	sh scripts/test-tools.sh
	PYTHONPATH=. $(DEV)/python scripts/screenshots.py artefacts/screenshots

translations: $(DEV_VENV)/.installed ## Collect the texts for people, update and compile the catalogues
	$(DEV)/python scripts/messages.py

lock: ## Write the lock files anew (needs uv)
	sh scripts/lock.sh

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(DEV_VENV) $(LIFELINES_VENV) $(BENTOML_VENV) build dist *.egg-info .pytest_cache .mypy_cache \
	  .ruff_cache .hypothesis .import_linter_cache artefacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: requirements.txt pyproject.toml scripts/environment.sh
	sh scripts/environment.sh $(VENV) requirements.txt
	touch $@

$(DEV_VENV)/.installed: requirements-dev.txt pyproject.toml scripts/environment.sh
	sh scripts/environment.sh $(DEV_VENV) requirements-dev.txt
	touch $@

$(LIFELINES_VENV)/.installed: requirements-lifelines.txt scripts/oracle-lifelines.sh | $(DEV_VENV)/.installed
	PYTHON="$(DEV)/python" sh scripts/oracle-lifelines.sh $(LIFELINES_VENV)
	touch $@

$(BENTOML_VENV)/.installed: requirements-bentoml.txt scripts/bench-bentoml.sh | $(DEV_VENV)/.installed
	PYTHON="$(DEV)/python" sh scripts/bench-bentoml.sh $(BENTOML_VENV)
	touch $@
