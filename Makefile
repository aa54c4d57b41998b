.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3.11
VENV := .venv
BENCH_VENV := .venv-bench
BIN := $(VENV)/bin
PEERS := $(BENCH_VENV)/bin
MLFLOW_VENV := .venv-mlflow
MLFLOW_SERVER_VENV := .venv-mlflow-server

# the newest of the three is made when all of a lock is installed, so that nothing is installed twice
READY := $(VENV)/.ready
BENCH_READY := $(BENCH_VENV)/.ready
MLFLOW_READY := $(MLFLOW_VENV)/.ready

PYTEST := $(BIN)/python -m pytest
SECRETS ?= secrets
TRIVY ?= aquasec/trivy:0.73.0

.PHONY: help setup secrets image scan demo test check audit format unit integration services whole measured mlflow bench bench-model chaos reference clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

demo: $(READY) ## real Kafka, Faust and Redis, simulated users, and who is drifting away
	$(BIN)/ebbwatch demo

test: check audit measured whole ## all that CI runs

check: $(READY) ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(READY) ## known holes in the packages that are locked, which stop CI; asks an index over the network
	$(BIN)/python -m checks.audit

format: $(READY) ## put the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

unit: $(READY) ## tests that need no services
	$(PYTEST) -m "not integration" -n 2 --dist worksteal

integration: services whole ## tests with a real Kafka and a real Redis

# these ask the code itself, so they are measured; the whole way goes through processes, whose tracing would take minutes
services: $(READY)
	$(PYTEST) -m integration -n 2 --dist loadfile --ignore tests/integration --ignore tests/chaos

whole: $(READY)
	$(PYTEST) -m integration -n 3 --dist loadfile tests/integration tests/chaos

measured: PYTEST := $(BIN)/coverage run -m pytest
measured: $(READY) ## unit tests and those that ask code and services: they must reach 85 % of lines and branches
	$(BIN)/coverage erase
	$(MAKE) unit services PYTEST="$(PYTEST)"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

secrets: ## make the secrets that docker-compose.yml mounts and that are not there yet
	mkdir -p -m 700 $(SECRETS)
	for name in registry.key grafana-admin.password; do \
	  [ -e $(SECRETS)/$$name ] || $(PYTHON) -c "import secrets; print(secrets.token_urlsafe(32), end='')" > $(SECRETS)/$$name; \
	done
	touch $(SECRETS)/id.secret $(SECRETS)/smtp.url $(SECRETS)/report.hook
	chmod 644 $(SECRETS)/* # the containers' users read them; on this machine the folder keeps others out

image: ## build the image of all processes
	docker build --tag ebbwatch:local .

scan: image ## look for known holes and for secrets in the image; needs a Docker engine
	docker run --rm -v /var/run/docker.sock:/var/run/docker.sock:ro $(TRIVY) \
	  image --scanners vuln,secret --severity HIGH,CRITICAL --ignore-unfixed --exit-code 1 ebbwatch:local

reference: $(READY) ## write the documents that are generated from the code
	$(BIN)/python -m ebbwatch.reference
	$(BIN)/python -m dashboards

chaos: $(READY) ## twenty kills, hostile messages, old files put back, a whole year of orders in the browser; then verify
	$(BIN)/python -m tests.chaos --kills 20
	ARCHIVER_KILLS=20 $(BIN)/python -m pytest tests/integration/test_archiver.py -k killed
	STORM_ALERTS=1000 $(BIN)/python -m pytest tests/integration/test_alert_storm.py
	HOSTILE_FILES=470 $(BIN)/python -m pytest tests/advisor/intake/test_hostile.py
	HOSTILE_MESSAGES=200000 $(BIN)/python -m pytest tests/integration/test_hostile.py
	CONSOLE_RETAIL=1 $(BIN)/python -m pytest tests/integration/test_console.py -k whom_to_contact --timeout 900
	BATCH_KILLS=20 $(BIN)/python -m pytest tests/integration/test_batch_killed.py

$(BENCH_READY): requirements/bench.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(PEERS)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	mvn -B -q -f benchmarks/peers/kafka_streams package dependency:copy-dependencies
	touch $(BENCH_READY)

bench: $(READY) $(BENCH_READY) ## all benchmarks; tables, and JSON in benchmarks/results
	$(BIN)/python -m benchmarks.stream
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.api --requests 1000000
	$(BIN)/python -m benchmarks.roundtrip
	$(BIN)/python -m benchmarks.beside_trainings
	$(BIN)/python -m benchmarks.explorer
	$(BIN)/python -m benchmarks.file_explorer
	$(BIN)/python -m benchmarks.rebuild
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.profile
	$(BIN)/python -m benchmarks.metrics
	$(BIN)/python -m benchmarks.promotion
	$(BIN)/python -m benchmarks.drift
	$(BIN)/python -m benchmarks.archive
	$(BIN)/python -m benchmarks.batch
	$(BIN)/python -m benchmarks.survival_coverage
	$(BIN)/python -m benchmarks.forecast
	$(BIN)/python -m benchmarks.experiment_coverage
	$(BIN)/python -m benchmarks.tables

bench-model: $(READY) ## the online model against boosted trees that are refitted every two weeks
	$(BIN)/python -m benchmarks.model --users 1000
	$(BIN)/python -m benchmarks.model_speed
	$(BIN)/python -m benchmarks.trainer
	$(BIN)/python -m benchmarks.tables

$(MLFLOW_READY): requirements/dev.txt requirements/mlflow.txt requirements/mlflow-server.txt
	$(PYTHON) -m venv $(MLFLOW_VENV)
	$(MLFLOW_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(MLFLOW_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mlflow.txt
	$(PYTHON) -m venv $(MLFLOW_SERVER_VENV)
	$(MLFLOW_SERVER_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mlflow-server.txt
	touch $(MLFLOW_READY)

mlflow: $(MLFLOW_READY) ## test the export of versions against a real MLflow server
	MLFLOW_SERVER_COMMAND=$(MLFLOW_SERVER_VENV)/bin/mlflow $(MLFLOW_VENV)/bin/python -m pytest -m mlflow tests/online_model/registry/test_mlflow_export.py

clean: ## remove environments, caches and local state
	rm -rf $(VENV) $(BENCH_VENV) $(MLFLOW_VENV) $(MLFLOW_SERVER_VENV) .ebbwatch .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
