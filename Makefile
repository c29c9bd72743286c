# `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

python := python3
apus := .build/release/apus
release := Scripts/build-release
python_tests := Scripts/run-python-tests
environments := .venv .venv-2.9 .venv-2.22 .venv-notebooks .venv-reference .venv-browser .venv-s3
# Where `make install` puts the binary: $(PREFIX)/bin.
PREFIX := /usr/local
swift_sources := Sources Tests Examples Scripts Package.swift

# What depends on where the data is: `make test` runs these over PostgreSQL too.
store_flows := plain_rest values lifecycle history_and_search client_calls datasets logged_models registry registry_rules \
	registry_search prompts retries concurrency completions odd_names
over_postgresql := APUS_TEST_STORE=postgresql APUS_BINARY="$$PWD/$(apus)" $(python_tests)

# The suites of `make test` that need a release binary and the environments, the longest first.
suites := conformance-part-1 conformance-part-2 wheel-test browser differential conformance-clients postgresql

.PHONY: help run build install docs test lint unit conformance conformance-part-1 conformance-part-2 conformance-clients \
	conformance-postgresql differential differential-postgresql postgresql browser environments compiled soak reliability sanitize fuzz \
	dist wheel wheel-test clean bench embedded native-packages test-packages

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 25

run: native-packages embedded ## build a release and serve http://127.0.0.1:5000 with data under ./apus-data
	@$(release) >&2
	exec $(apus) server --host 127.0.0.1 --port 5000 --data-dir ./apus-data

build: native-packages embedded ## build a release: .build/release/apus
	@$(release)

install: ## copy the release to PREFIX/bin (default /usr/local/bin); as root it needs no Swift after `make build`
	@[ -x $(apus) ] || $(MAKE) --no-print-directory build
	install -D -m 755 $(apus) "$(DESTDIR)$(PREFIX)/bin/apus"
	echo "$(DESTDIR)$(PREFIX)/bin/apus"

docs: build ## write docs/configuration.md and docs/compatibility.md from what they describe
	@$(apus) configuration-page >docs/configuration.md
	$(python) Scripts/compatibility-page >docs/compatibility.md

test: native-packages test-packages ## set up everything, then lint, Swift tests, conformance, differential, wheel, browser, PostgreSQL, reliability
	@$(MAKE) --no-print-directory -j2 --output-sync=target compiled environments
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory unit
	echo "these suites run three at a time, because they mostly wait; each prints its output at its end: $(suites)"
	$(MAKE) --no-print-directory -j3 --output-sync=target $(suites)
	$(MAKE) --no-print-directory reliability

compiled: native-packages embedded
	@swift build --build-tests
	$(release)

lint: ## check the format, and that every migration and page is embedded
	@swift format lint --strict --configuration .swift-format -r $(swift_sources)
	Scripts/embed-files --check
	$(python) Scripts/compatibility-page | cmp - docs/compatibility.md || { echo "run: make docs" >&2; exit 1; }
	echo "lint: clean"

unit: native-packages test-packages ## Swift tests of a debug build, beside a throw-away server of PostgreSQL
	@$(python) Tests/Support/postgres.py swift test --disable-xctest

conformance: conformance-part-1 conformance-part-2 conformance-clients ## tests with real MLflow clients against the release binary

conformance-part-1 conformance-part-2: build environments
	@APUS_BINARY="$$PWD/$(apus)" $(python_tests) .venv/bin/python Tests/Conformance --part $(@:conformance-part-%=%)/2

conformance-clients: build environments
	@export APUS_BINARY="$$PWD/$(apus)"
	for environment in .venv-2.22 .venv-2.9; do
	    $(python_tests) $$environment/bin/python Tests/Conformance -m client
	done

differential: build environments ## compare the answers of MLflow's server and of Apus to the same requests
	@APUS_BINARY="$$PWD/$(apus)" $(python_tests) .venv-reference/bin/python Tests/Differential

conformance-postgresql: build environments ## all conformance tests over PostgreSQL, but those of what it does not offer
	@$(over_postgresql) .venv/bin/python Tests/Conformance

differential-postgresql: build environments ## the requests of `make differential`, with Apus over PostgreSQL
	@$(over_postgresql) .venv-reference/bin/python Tests/Differential/test_differential.py

postgresql: build environments ## the conformance tests that depend on where the data is, over PostgreSQL
	@$(over_postgresql) .venv/bin/python $(store_flows:%=Tests/Conformance/test_%.py)

browser: build environments ## the pages, and MLflow's pages over Apus, in Chromium; pictures are left in Tests/Browser/pictures
	@APUS_BINARY="$$PWD/$(apus)" $(python_tests) .venv-browser/bin/python Tests/Browser

wheel-test: build environments ## the Python package and the notebooks: a wheel of the release binary in fresh environments
	@APUS_BINARY="$$PWD/$(apus)" $(python_tests) .venv/bin/python Tests/Wheel

soak: build ## mixed load for SOAK_SECONDS (default 60): checks WAL size, memory, descriptors and lost data
	@APUS_BINARY="$$PWD/$(apus)" $(python) Tests/Soak/run.py

reliability: build ## kills, faults of the disk, power cuts, overload, hostile input and the soak, in minutes; in hours with LONG=1
	@APUS_BINARY="$$PWD/$(apus)" $(python) Tests/Reliability/run.py $(if $(LONG),--long) $(RELIABILITY_FLAGS)

environments: $(environments:%=%/.stamp)

.venv/.stamp: Tests/Conformance/requirements.txt
.venv-2.9/.stamp: Tests/Conformance/requirements-2.9.txt
.venv-2.22/.stamp: Tests/Conformance/requirements-2.22.txt
.venv-notebooks/.stamp: Tests/Wheel/requirements.txt
.venv-reference/.stamp: Scripts/reference-requirements.txt
.venv-browser/.stamp: Tests/Browser/requirements.txt
.venv-s3/.stamp: Tests/Support/requirements-s3.txt

# If pip fails, there is no stamp, and the next run creates this environment anew.
%/.stamp: | test-packages
	@rm -rf $*
	$(python) -m venv $*
	$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@
	echo "$*: ready"

# The tables that put migrations/, schemas/ and static/ into the binary; they change when a file is added or removed.
embedded:
	@Scripts/embed-files

native-packages:
	@Scripts/install-packages native

test-packages:
	@Scripts/install-packages test

sanitize: native-packages ## Swift tests under the thread and the address sanitizer
	@export TSAN_OPTIONS="suppressions=$$PWD/Tests/thread-sanitizer.txt"
	swift test --disable-xctest --sanitize=thread --scratch-path .build/thread
	swift test --disable-xctest --sanitize=address --scratch-path .build/address

fuzz: native-packages ## run each fuzz target of Tests/Fuzz, or FUZZ_TARGETS, for FUZZ_SECONDS (default 60)
	@Scripts/fuzz "$${FUZZ_SECONDS:-60}" $(FUZZ_TARGETS)

bench: build ## compare with MLflow and FastTrackML (Benchmarks/README.md); takes BENCH_FLAGS
	@APUS_BINARY="$$PWD/$(apus)" $(python) Benchmarks/run.py $(BENCH_FLAGS)

dist: native-packages ## build and check dist/apus-<version>-linux-<arch>.tar.gz, linked statically
	@Scripts/dist

wheel: dist ## build dist/apus-<version>-py3-none-manylinux_2_35_<arch>.whl from the binary of `make dist`
	@$(python) Scripts/wheel .build/dist/package/apus-*/apus dist manylinux_2_35 .build/dist/pages

clean: ## remove all build products and Python environments
	@rm -rf .build dist $(environments) .venv-peers Tests/Browser/pictures
