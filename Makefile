# Every target in one line: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL := .model/all-MiniLM-L6-v2
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup dev test check coverage format lock eval bench bench-check path failures docs screenshots cost deploy audit template sam-local localstack clean

help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (once; a minute or two) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; PYTHON=python3.13 make ... names another."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,dev]'
	@touch $@

$(MODEL)/model.json: $(INSTALLED) functions/embedding/build_model.py
	@echo "Preparing the embedding model (once; about a minute) ..."
	@$(BIN)/python functions/embedding/build_model.py --out $(MODEL)
	@touch $@

setup: $(INSTALLED) $(MODEL)/model.json  ## Install everything, start nothing

dev: setup  ## Serve the proxy at http://127.0.0.1:3000/v1 (PORT, DATA_DIR, and every setting)
	@$(BIN)/llm-cache-proxy serve

check: $(INSTALLED)  ## Lint, types, import contracts and unit tests, in well under a minute
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n auto tests/unit

coverage: $(INSTALLED)  ## Hold the unit tests to every branch of domain and pipeline; two minutes
	@$(BIN)/python -m coverage run -m pytest -q -p no:xdist tests/unit
	@$(BIN)/python -m coverage report --include='*/domain/*,*/pipeline/*,*/administration/*' --skip-covered \
		--show-missing --fail-under=100

test: setup  ## Everything whose services are found; names what it left out
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -q -n auto --dist loadfile tests --ignore=tests/unit

bench: setup  ## Measure everything beside what it is compared with (ONLY="exact_hit misses"); minutes
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(ONLY)

path: $(INSTALLED)  ## Count the files and calls that one request enters (OPTIONS=--files lists them)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.request_path $(OPTIONS)

bench-check: setup  ## Hold the budgets that are counts and ratios, in a minute or two
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.check

eval: setup  ## Measure wrong and right semantic hits (DATA=file or folder, OPTIONS="--stream ...")
	@$(BIN)/llm-cache-proxy eval $(or $(DATA),benchmarks/pairs) $(OPTIONS)

failures: setup  ## Write docs/upstream-failures.md anew from what happens
	@cd tests && ../$(BIN)/python -m resilience.upstream_table

docs: $(INSTALLED)  ## Bring the generated tables of the docs up to date
	@$(BIN)/python -m infra.generated_tables

screenshots: setup  ## Take the README's pictures of the dashboard anew (needs Chromium)
	@WRITE_PICTURES=1 $(BIN)/python -m pytest -q tests/browser/test_pictures.py

format: $(INSTALLED)  ## Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: $(INSTALLED)  ## Pin what is installed now, and what the layer carries
	@$(BIN)/python -m pip freeze --exclude-editable > constraints.txt
	@$(BIN)/python infra/layer_requirements.py

cost: $(INSTALLED)  ## What a million requests cost, by hit rate (docs/cost.md)
	@$(BIN)/python -m benchmarks.cost

audit: $(INSTALLED)  ## Look up known vulnerabilities of what the layer carries, where PyPI tells them
	@$$($(BIN)/python -c 'from infra.tools import program; print(program("pip-audit"))' | tail -1) \
		-r layers/shared/requirements.txt --disable-pip --no-deps

template: $(INSTALLED)  ## sam validate --lint, cfn-lint and checkov on the templates
	@$(BIN)/python -m pytest -q tests/integration/cloud/test_template_checks.py

deploy: $(INSTALLED)  ## Build and deploy to AWS; ENV=prod names another environment of samconfig.toml
	@$(BIN)/python -m infra.deploy $(ENV)

sam-local: $(INSTALLED)  ## Serve the stack under Docker at http://127.0.0.1:3000/v1, as sam local runs it
	@$(BIN)/python -m infra.sam_local

localstack: $(INSTALLED)  ## Deploy the stack to LocalStack, with all that it talks to, under Docker
	@$(BIN)/python -m infra.localstack

clean:  ## Remove what was built, not the stores
	@rm -rf $(VENV) build .aws-sam .mypy_cache .ruff_cache .pytest_cache
