# Every target in one line: `make help`.
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
# A process writes down what it has compiled: most of what is started here imports what others have.
unexport PYTHONDONTWRITEBYTECODE
MODEL := .model/all-MiniLM-L6-v2
INSTALLED := $(VENV)/.installed
STAGE_OPTION = $(if $(STAGE),--stage $(STAGE))
# The command's own folders are the user's; here they are the checkout's.
LOCAL := DATA_DIR="$${DATA_DIR:-.data}" MODEL_DIR="$${MODEL_DIR:-$(MODEL)}"
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# One more than two for a core: the tests of the whole run wait for servers and downloads two thirds
# of their time. No more than 16: each grows to half a gigabyte beside the servers that it starts, and
# a file of tests takes one worker as long however many others there are.
MOST_WORKERS := 16
WORKERS = $(shell $(BIN)/python -c 'import os; print(min(2 * (os.cpu_count() or 1) + 1, $(MOST_WORKERS)))')
# What a part says stays together; make 3.81 cannot do so.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.DEFAULT_GOAL := help
.PHONY: help setup dev test check coverage format lock eval bench bench-check path flames failures attack soak fuzz docs screenshots site release cost deploy tune destroy check-deployed check-cloud scale audit template sam-local localstack clean

help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# With uv where it is there, with pip where it is not; both install what uv.lock says.
$(INSTALLED): pyproject.toml uv.lock requirements.txt
	@echo "Installing into $(VENV) (once; a minute or two) ..."
	@if command -v $(UV) >/dev/null; then \
		UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --quiet --locked $(if $(PYTHON),--python $(PYTHON)); \
	else \
		$(or $(PYTHON),python3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
			|| { echo "Python 3.11 or later is needed; PYTHON=python3.13 make ... names another."; exit 1; }; \
		test -x $(BIN)/pip || $(or $(PYTHON),python3) -m venv $(VENV) \
			|| { echo "Python's venv is needed: on Debian and Ubuntu, apt install python3-venv."; exit 1; }; \
		$(PIP) --require-hashes --requirement requirements.txt && $(PIP) --no-deps --editable .; \
	fi
	@touch $@

$(MODEL)/model.json: $(INSTALLED) $(wildcard layers/shared/llm_cache_proxy/adapters/embedder/minilm/model_build/*.py)
	@echo "Preparing the embedding model (once; about a minute) ..."
	@$(BIN)/python functions/embedding/build_model.py --out $(MODEL)
	@touch $@

setup: $(INSTALLED) $(MODEL)/model.json  ## Install everything, start nothing

dev: setup  ## Serve the proxy at http://127.0.0.1:3000/v1 (PORT, DATA_DIR, and every setting)
	@$(LOCAL) $(BIN)/llm-cache-proxy serve

check: $(INSTALLED)  ## Lint, types, import contracts and unit tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(MAKE) --no-print-directory --keep-going -j3 $(TOGETHER) check-types check-imports check-units

# At once: mypy and lint-imports have one thread each. Any that fails fails `make check`.
.PHONY: check-types check-imports check-units
check-types:
	@$(BIN)/mypy
check-imports:
	@$(BIN)/lint-imports --no-logo
check-units:
	@$(BIN)/python -m pytest -q -n auto --maxprocesses $(MOST_WORKERS) tests/unit

coverage: $(INSTALLED)  ## Hold the unit tests to every branch of domain and pipeline; two minutes
	@$(BIN)/python -m coverage run -m pytest -q -p no:xdist tests/unit
	@$(BIN)/python -m coverage report --include='*/domain/*,*/pipeline/*,*/administration/*' --skip-covered \
		--show-missing --fail-under=100

test: setup  ## Everything whose services are found; names what it left out
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory integration

# All but the unit tests.
.PHONY: integration
integration: setup
	@# What is packaged takes what is compiled with it.
	@$(BIN)/python -m compileall -q layers/shared functions infra tests/fakes tests/samples tests/servers
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests \
		--ignore=tests/unit

bench: setup  ## Measure everything beside what it is compared with (ONLY="exact_hit misses"); minutes
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(ONLY)

path: $(INSTALLED)  ## Count the files and calls that one request enters (OPTIONS=--files lists them)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.request_path $(OPTIONS)

flames: setup  ## Draw where the CPU of a hit, a semantic hit and a miss goes (docs/benchmarks/flames.md)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.flames

bench-check: setup  ## Hold the budgets that are counts and ratios, in a minute or two
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.check

eval: setup  ## Measure wrong and right semantic hits (DATA=file or folder, OPTIONS="--stream ...")
	@$(LOCAL) $(BIN)/llm-cache-proxy eval $(or $(DATA),benchmarks/pairs) $(OPTIONS)

attack: setup  ## Attack running servers in every way that is known; prints what came back
	@mkdir -p build
	@ATTACKS_TABLE=build/attacks.md $(BIN)/python -m pytest -q -p no:xdist tests/attacks; \
		status=$$?; cat build/attacks.md; exit $$status

soak: setup  ## A hundred clients for SOAK_SECONDS (180), each answer compared; the memory stays flat
	@SOAK_SECONDS=$${SOAK_SECONDS:-180} $(BIN)/python -m pytest -q -s -p no:xdist tests/resilience/soak/test_soak.py

# What every run does with fewer: bytes for each parser, requests, streams, pairs, counted results.
DEEP_TESTS := tests/fuzz tests/integration/cli/test_verified_accuracy.py \
	tests/integration/metrics/test_exact_counters.py \
	tests/integration/server/test_description_fuzzing.py

fuzz: setup  ## What tests make up, far more of it, FUZZ_EXAMPLES (20,000) for each parser; forty minutes
	@TEST_EXTENT=deep FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-20000} $(BIN)/python -m pytest -q -p no:xdist \
		--timeout 3600 $(DEEP_TESTS)

failures: setup  ## Write docs/upstream-failures.md anew from what happens
	@cd tests && ../$(BIN)/python -m resilience.upstream_table

docs: $(INSTALLED)  ## Bring .env.example and the generated tables of the docs up to date
	@PYTHONPATH=tests $(BIN)/python -m infra.generated_tables
	@$(BIN)/python -m infra.env_example

screenshots: setup  ## Take the README's pictures of the dashboard anew (needs Chromium)
	@WRITE_PICTURES=1 $(BIN)/python -m pytest -q tests/browser/test_pictures.py

format: $(INSTALLED)  ## Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: $(INSTALLED)  ## Lock what pyproject.toml asks for (OPTIONS=--upgrade), and what the layer carries
	@uv=$$($(BIN)/python -m infra.tools uv) \
		&& $$uv lock $(OPTIONS) \
		&& $$uv export --quiet --locked --no-emit-project --no-annotate --no-header -o requirements.txt \
		&& $$uv export --quiet --locked --no-emit-project --no-annotate --no-header --no-dev -o requirements-command.txt
	@$(BIN)/python -m infra.layer_requirements

site: $(INSTALLED)  ## Build the documentation's site into build/site; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

release: $(INSTALLED)  ## Build wheel, source archive and bill of materials into build/release
	@$(BIN)/python -m infra.release

cost: $(INSTALLED)  ## What a million requests cost, and a month without any (WRITE=1: docs/cost.md)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.cost $(if $(WRITE),--write)

scale: $(INSTALLED)  ## Simulate the stack from 10 to 5,000 requests a second (WRITE=1: docs/scale.md); minutes
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.scale $(if $(WRITE),--write)

audit: $(INSTALLED)  ## Look up known vulnerabilities of what the layer carries, where PyPI tells them
	@$$($(BIN)/python -m infra.tools pip-audit) \
		-r layers/shared/requirements.txt --disable-pip --no-deps

template: $(INSTALLED)  ## sam validate --lint, cfn-lint and checkov on the templates
	@$(BIN)/python -m pytest -q tests/integration/cloud/test_template_checks.py

deploy: $(INSTALLED)  ## Deploy to AWS, guided: STAGE=prod, DRY_RUN=1 shows it, YES=1 asks nothing
	@$(BIN)/python -m infra.deploy deploy $(STAGE_OPTION) $(if $(DRY_RUN),--dry-run) $(if $(YES),--yes)

tune: $(INSTALLED)  ## Change settings of a running stack: STAGE=dev SET="SIMILARITY_THRESHOLD=0.97"
	@$(BIN)/python -m infra.deploy tune $(STAGE_OPTION) $(SET)

destroy: $(INSTALLED)  ## Delete a stack and its secrets: STAGE=dev, DRY_RUN=1, YES=1
	@$(BIN)/python -m infra.deploy destroy $(STAGE_OPTION) $(if $(DRY_RUN),--dry-run) $(if $(YES),--yes)

check-deployed: $(INSTALLED)  ## Check a deployed stack: BASE_URL=… WRITE=1 MODEL=…, API_KEY and ADMIN_KEY exported
	@$(BIN)/python -m infra.check_deployed

check-cloud: setup  ## Run the contract suites on your own services: QDRANT_URL=… UPSTASH_REDIS_REST_URL=… (empty ones)
	@$(BIN)/python -m infra.check_cloud

sam-local: $(INSTALLED)  ## Serve the stack under Docker at http://127.0.0.1:3000/v1, as sam local runs it
	@$(BIN)/python -m infra.sam_local

localstack: $(INSTALLED)  ## Deploy the stack to LocalStack, with all that it talks to, under Docker
	@$(BIN)/python -m infra.localstack

clean:  ## Remove what was built, not the stores
	@rm -rf $(VENV) build .aws-sam .mypy_cache .ruff_cache .pytest_cache
