# The one door: `make` lists what there is. CI runs `make check` and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
# Newer than the lock and the project's metadata whenever the environment is up to date.
STAMP := $(VENV)/.installed
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# PYTEST_ARGS="-k name -x" reaches pytest through any target that runs tests.
PYTEST_ARGS ?=
# Workers, each with an even share that the others may steal from. There are half as many again as cores, since a good part
# of the tests wait for processes of their own. PARALLEL= runs them one after the other, which is what a debugger wants.
WORKERS := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
PARALLEL ?= -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) ## Make .venv as the lock says; nothing to do when it already is

$(STAMP): requirements/dev.txt pyproject.toml deploy/find-python.sh
	@python="$$(bash deploy/find-python.sh)"; \
	if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Making $(VENV) with $$python"; \
		rm -rf "$(VENV)"; \
		"$$python" -m venv "$(VENV)"; \
	fi
	@echo "Installing what requirements/dev.txt locks"
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: run
run: install ## Start a relay on SQLite; with no account configured, a demo with a VTEX sandbox
	@exec $(BIN)/carrier-relay serve

# The short form: make storm ARGS="--parcels 20"
.PHONY: storm
storm: install ## Post webhooks to the demonstration of `make run` while its VTEX fails, and watch; ARGS="--help"
	@$(PYTHON) -m tests.storm $(ARGS)

.PHONY: test-tools
test-tools: ## Install the programs that tests need and pip cannot bring; nothing to do when they are there
	@bash deploy/install-test-tools.sh

.PHONY: test
test: install test-tools ## Run every test, in random order
	@$(BIN)/pytest $(PARALLEL) $(PYTEST_ARGS)

# The short form: make chaos ARGS="--modes replace --kills 3 --webhooks 200"
# On PostgreSQL, with rolling restarts and a crash of the database in the middle: make chaos ARGS="--replicas 3"
# Its PostgreSQL gone for a minute: make chaos ARGS="--disaster outage --replicas 2 --modes append --webhooks 1500"
# Its place taken by a standby: make chaos ARGS="--disaster failover --replicas 2 --modes append --seconds 5"
.PHONY: chaos
chaos: install ## Kill the relay 60 times under 6,000 webhooks and count the rows (6 to 15 minutes); ARGS="--help"
	@$(PYTHON) -m tests.chaos $(ARGS)

# The short form: make soak ARGS="--minutes 2"
.PHONY: soak
soak: install test-tools ## Wear one relay for an hour, watch what grows, and count the rows; ARGS="--help"
	@$(PYTHON) -m tests.soak $(ARGS)

# The short form: make bench ARGS="--only 1 7 --rounds 3"; on the other engine: make bench ARGS="--engine postgresql"
.PHONY: bench
bench: install test-tools ## Measure every target of docs/performance.md beside its yardstick (about 15 minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.targets $(ARGS)

.PHONY: bench-smoke
bench-smoke: install test-tools ## Run every part of make bench in small, on both engines; looks at no times
	@$(PYTHON) -m tests.bench.targets --small --rounds 1 --force --no-verdict
	@$(PYTHON) -m tests.bench.targets --small --rounds 1 --force --no-verdict --engine postgresql

.PHONY: bench-import
bench-import: install ## Import 1,000,000 shipments under live webhooks: rows/s, memory, latency (some minutes); ARGS="--help"
	@$(PYTHON) -m tests.imports $(ARGS)

# The short form: make bench-orders ARGS="--orders 5000"
.PHONY: bench-orders
bench-orders: install ## Backfill a shop of 100,000 orders through two kills: orders/s, memory, GETs (half an hour); ARGS="--help"
	@$(PYTHON) -m tests.bench.orders $(ARGS)

.PHONY: screenshots
screenshots: install test-tools ## Photograph every page of the console: build/screenshots
	@$(PYTHON) -m tests.console.screenshots $(ARGS)

.PHONY: pictures
pictures: install test-tools ## Take the two pictures of one parcel that the README shows: docs/pictures
	@$(PYTHON) -m tests.console.pictures

# The short form: make planted ARGS="--only token --examples 200"
.PHONY: planted
planted: install ## Plant known bugs in copies of the source; the state machine must find each; ARGS="--help"
	@$(PYTHON) -m tests.planted $(ARGS)

# The short form: make bench-isolation ARGS="--rounds 3 --webhooks 500"
.PHONY: bench-isolation
bench-isolation: install ## Time one account while two others are in trouble (about 20 minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.isolation $(ARGS)

# The short form: make bench-replicas ARGS="--rounds 3 --parcels 200"
.PHONY: bench-replicas
bench-replicas: install test-tools ## Measure what two replicas on PostgreSQL do in the time of one (some minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.replicas $(ARGS)

# The short form: make bench-hostile ARGS="--rounds 1 --hostile 2000"
.PHONY: bench-hostile
bench-hostile: install ## Time a carrier alone and under 100,000 hostile requests (some minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.hostile $(ARGS)

# The short form: make bench-cost ARGS="--parcels 200"
# On PostgreSQL, whose server is counted beside the relay: make bench-cost ARGS="--engine postgresql --parcels 400"
.PHONY: bench-cost
bench-cost: install test-tools ## Measure what a webhook and a call to VTEX cost (some minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.cost $(ARGS)

# The profile of each thread, for callgrind_annotate: make bench-count ARGS="--keep profiles"
.PHONY: bench-count
bench-count: install test-tools ## Count the instructions that taking a webhook in costs (some minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.counting $(ARGS)

# Held against a real relay, in small: make simulate ARGS="--against-relay"
.PHONY: simulate
simulate: install ## Simulate a day of 1,000,000,000 webhooks from what was measured (a minute); ARGS="--help"
	@$(PYTHON) -m tests.simulation $(ARGS)

# The short form: make bench-month ARGS="--days 1 --minutes 1"
.PHONY: bench-month
bench-month: install ## Run a shop of 40,000 webhooks a day on 35 days of them, and its peak (half an hour); ARGS="--help"
	@$(PYTHON) -m tests.bench.month $(ARGS)

# The short form: make bench-search ARGS="--webhooks 50000"
.PHONY: bench-search
bench-search: install ## Time every list and search beside 1,000,000 webhooks (10 to 15 minutes); ARGS="--help"
	@$(PYTHON) -m tests.bench.search $(ARGS)

# Tools that are not part of development, each set in an environment of its own under build/, by its lock.
build/%-tools/.installed: requirements/%.txt | install
	@rm -rf "$(@D)" && $(PYTHON) -m venv "$(@D)"
	@echo "Installing what $< locks"
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: fuzz
fuzz: build/fuzz-tools/.installed ## Fuzz one reader with atheris: make fuzz TARGET=documents ARGS="--seconds 600"
	@[[ -n "$(TARGET)" ]] || { echo "Name a target: make fuzz TARGET=documents" >&2; exit 2; }
	@build/fuzz-tools/bin/python -m tests.fuzz $(TARGET) $(ARGS)

.PHONY: schemathesis
schemathesis: build/fuzz-tools/.installed ## Try a relay with its own OpenAPI document, 10,000 requests (10 minutes); ARGS="--help"
	@build/fuzz-tools/bin/python -m tests.fuzz.service $(ARGS)

.PHONY: audit
audit: build/audit-tools/.installed ## Look for known vulnerabilities in what is installed, and list licences
	@build/audit-tools/bin/pip-licenses --python $(PYTHON) --order license --format markdown
	@build/audit-tools/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements/runtime.txt

.PHONY: sbom
sbom: build/audit-tools/.installed ## Write what a running relay consists of: build/sbom.json (CycloneDX)
	@build/audit-tools/bin/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml \
		--output-reproducible --output-file build/sbom.json
	@echo "Wrote build/sbom.json"

.PHONY: check
check: install test-tools ## Format, lint, types, imports, tests with branch coverage: what CI runs
	@echo "== format"
	@$(BIN)/ruff format --check --quiet . || { echo "make format puts that right" >&2; exit 1; }
	@echo "== lint"
	@$(BIN)/ruff check --quiet .
	@echo "== types"
	@$(BIN)/mypy --no-error-summary
	@echo "== imports"
	@$(BIN)/lint-imports --no-logo
	@echo "== tests that go through the same lines many times"
	@$(BIN)/pytest $(PARALLEL) -m uncounted $(PYTEST_ARGS) || [ $$? -eq 5 ]  # 5: PYTEST_ARGS choose none of them
	@echo "== tests"
	@$(BIN)/pytest $(PARALLEL) -m "not uncounted" --cov --cov-report=term $(PYTEST_ARGS)

.PHONY: carrier
carrier: slug-given install ## Run one carrier's checks, in seconds: make carrier SLUG=loggi
	@$(BIN)/pytest tests/carriers tests/test_carrier_files.py --carrier "$(SLUG)" $(PYTEST_ARGS)

.PHONY: new-carrier
new-carrier: slug-given install ## Write a carrier's file and first case: make new-carrier SLUG=loggi
	@$(PYTHON) -m tests.carriers.scaffold new "$(SLUG)"

.PHONY: golden
golden: slug-given install ## Write what a carrier's cases map to, for review: make golden SLUG=loggi
	@$(PYTHON) -m tests.carriers.scaffold golden "$(SLUG)"

.PHONY: slug-given
slug-given:
	@[[ "$(SLUG)" =~ ^[a-z0-9]+(-[a-z0-9]+)*$$ ]] || { \
		echo "Name the carrier by its slug: make $(or $(firstword $(MAKECMDGOALS)),carrier) SLUG=loggi" >&2; exit 2; }

.PHONY: format
format: install ## Format the code and apply the linter's safe fixes
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

# LOCK_ARGS=--upgrade takes the newest versions; without it only what pyproject.toml changed moves.
.PHONY: lock
lock: install ## Resolve the dependencies of pyproject.toml into requirements/*.txt, with hashes
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml --output-file requirements/runtime.txt
	@$(COMPILE) $(LOCK_ARGS) --group build --output-file requirements/build.txt
	@$(COMPILE) $(LOCK_ARGS) --group docs --constraints requirements/runtime.txt \
		--constraints requirements/build.txt --output-file requirements/docs.txt
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml --group dev --constraints requirements/runtime.txt \
		--constraints requirements/build.txt --constraints requirements/docs.txt --output-file requirements/dev.txt
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml --group fuzz --constraints requirements/runtime.txt \
		--constraints requirements/build.txt --output-file requirements/fuzz.txt
	@$(COMPILE) $(LOCK_ARGS) --group audit --output-file requirements/audit.txt

.PHONY: openapi
openapi: install ## Write openapi/relay.json from the application
	@$(BIN)/carrier-relay openapi --write openapi/relay.json

.PHONY: docs
docs: openapi ## Write the reference pages under docs/ from the code
	@$(BIN)/python -m tests.documents

.PHONY: site
site: install ## Make a website of the documents, links checked: build/site
	@$(PYTHON) -m tests.site

.PHONY: fresh-test
fresh-test: ## Prove make test and make run on a bare Debian (needs root)
	@bash deploy/fresh-test.sh

.PHONY: image-test
image-test: ## Build the image and run it, without a container engine (Debian, needs root; 2 minutes)
	@bash deploy/image-test.sh

.PHONY: clean
clean: ## Remove what building and testing left behind, .venv included; data stays
	@rm -rf $(VENV) build dist htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@rm -f .coverage .coverage.*
	@find app tests -name __pycache__ -type d -prune -exec rm -rf {} +
