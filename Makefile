# Two commands matter: `make demo` and `make test`. Both set everything up first.
PYTHON ?= python3
BIN := .venv/bin
ASROOT := $(if $(shell command -v sudo),sudo)

.PHONY: demo test rules fuzz soak conformance browser services services-stop brokers bench chaos audit sbom setup lock clean docs

demo: setup  ## play the whole story on an org in your pocket
	$(BIN)/sfsync demo

test: setup  ## lint, types, floors, all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml sfsync
	$(BIN)/pytest -n auto --dist loadfile

rules: setup  ## check dashboard and alerts with promtool, which this installs on Debian where it is missing
	command -v promtool >/dev/null || { \
	    $(ASROOT) apt-get update --quiet && $(ASROOT) apt-get install --quiet --yes --no-install-recommends prometheus; }
	$(BIN)/pytest tests/monitoring

conformance: .conformance/ready  ## run Salesforce's CLI, jsforce and tap-salesforce, unmodified, against the pocket org
	$(BIN)/pytest -m conformance tests/conformance

.conformance/ready: tests/conformance/package.json tests/conformance/requirements.txt .venv/ready
	mkdir -p .conformance
	cp tests/conformance/package.json .conformance/
	npm install --prefix .conformance --no-audit --no-fund --loglevel=error
	$(PYTHON) -m venv .conformance/tap
	.conformance/tap/bin/python -m pip install --quiet --disable-pip-version-check -r tests/conformance/requirements.txt
	touch $@

browser: setup  ## be the rep in Chromium, which this installs on Debian where it is missing
	command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	    $(ASROOT) apt-get update --quiet && $(ASROOT) apt-get install --quiet --yes chromium chromium-driver; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'selenium>=4.27'
	$(BIN)/pytest tests/page tests/studio

services:  ## start Redis and RabbitMQ for tests and benchmarks, which this installs on Debian where they are missing
	$(PYTHON) -m tests.services start

services-stop:  ## stop them again, and forget what they know
	$(PYTHON) -m tests.services stop

brokers: setup  ## run the tests that need both, after make services
	@test -f .services/env || { echo "Redis and RabbitMQ do not run: make services starts them." >&2; exit 1; }
	. ./.services/env && $(BIN)/pytest -n 6 --dist loadfile tests/brokers

bench: setup .bench/ready  ## measure: latency, calls, rendering beside other engines, memory
	$(BIN)/python -m benchmarks

.bench/ready: requirements.txt benchmarks/requirements.txt
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	.bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt pypdf
	touch $@

fuzz: setup  ## send the pocket org more nonsense than the tests do
	SFSYNC_FUZZ=5000 $(BIN)/pytest tests/pocketorg/test_fuzz.py tests/pocketorg/test_fuzz_wire.py

soak: setup  ## so many Opportunities in worlds full of trouble: make soak N=200000 SEED=1; PUBLISH=1 writes the page
	$(BIN)/python -m simulation --seed $(or $(SEED),1) --opportunities $(or $(N),20000) $(if $(PUBLISH),--publish)

chaos: setup  ## break real workers and a real pocket org, and keep the figures: SEED=1 OPPORTUNITIES=5000 KILLS=300
	$(BIN)/python -m chaos --keep --seed $(or $(SEED),1) --opportunities $(or $(OPPORTUNITIES),5000) --kills $(or $(KILLS),300)

audit: .audit/ready  ## ask for known weaknesses of the packages that are pinned
	.audit/bin/pip-audit --strict --requirement requirements.txt --require-hashes --disable-pip --progress-spinner off || { \
	    echo "A package has a known weakness, or the advisory service cannot be reached from here: see above." >&2; exit 1; }

sbom: .audit/ready  ## write a bill of materials in CycloneDX: sbom.json
	.audit/bin/cyclonedx-py requirements --output-file sbom.json requirements.txt

.audit/ready: requirements.txt
	$(PYTHON) -m venv .audit
	.audit/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.7' 'cyclonedx-bom>=5'
	touch $@

docs: setup  ## write the pages anew that come from the code
	$(BIN)/python -m sfsync.reference
	$(BIN)/python -m docs.pictures

setup: .venv/ready

.venv/ready: pyproject.toml requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sfsync needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

lock: setup  ## pin every package with its hashes, from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	    --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	    --custom-compile-command "make lock" --extra dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv .bench .conformance build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis demo-forms
