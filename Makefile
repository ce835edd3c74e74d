# Every target does its own set-up. PYTHON is the interpreter to use, VENV where its packages go.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEPLOY_VENV ?= build/deploy-venv
MUTANTS_VENV ?= build/mutants-venv
PORT ?= 0
SPEED ?= 60

RUN_REQUIREMENTS = requirements.txt local/requirements.txt
REQUIREMENTS = $(RUN_REQUIREMENTS) tests/requirements.txt
ALL_REQUIREMENTS = $(REQUIREMENTS) deploy/requirements.txt examples/image/requirements.txt
NEW_ENOUGH = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=python3.12")'
# One word for the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

# What a caller gives is text, to make and to the shell: no $(…) or `…` in it is run. Recipes take it
# from the environment.
GIVEN = TO EVENT FUNCTION ARGS FAULT YES ROLES MODULE
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name)))$(eval export $(name)))

.PHONY: run cloud fault invoke test test-built lint types audit check fuzz fuzz-guided mutants day
.PHONY: bench lock picture build release plan deploy destroy rollback role deploy-scf update-scf remove-scf
.PHONY: rollback-scf

# Plays the main job on a local cloud: publish an image, and scaling groups roll onto it.
run: $(VENV)/run-installed
	$(BIN)/python -m local.demo

# Serves the local cloud and the functions on 127.0.0.1 until Ctrl-C; PORT=9000 picks the port,
# SPEED=1 real time, CRON='0 */5 * * * * *' when the schedule looks; LOGS=1 shows the functions' lines.
CRON ?= */15 * * * * * *
cloud: $(VENV)/run-installed
	@$(BIN)/python -m local --port $(call quoted,$(PORT)) --speed $(call quoted,$(SPEED)) \
		--cron $(call quoted,$(CRON)) $(if $(LOGS),--logs)

# Lets something go wrong in a running cloud: make fault FAULT='throttle StartInstanceRefresh'
fault: $(VENV)/run-installed
	@$(BIN)/python -m local.fault $(foreach word,$(or $(FAULT),list),$(call quoted,$(word)))

# Calls one function once: make invoke FUNCTION=webhook EVENT=events/webhook.image.json ARGS=--help
invoke: $(VENV)/run-installed
	$(if $(and $(FUNCTION),$(EVENT)),,$(error say which: make invoke FUNCTION=webhook EVENT=events/webhook.image.json))
	$(BIN)/python -m local.invoke $(call quoted,$(FUNCTION)) $(call quoted,$(EVENT)) \
		$(foreach word,$(ARGS),$(call quoted,$(word)))

test: $(VENV)/installed
	$(BIN)/python -m pytest $(TESTS)

# The end-to-end tests on what `make build` makes, unpacked read-only: make test-built PYTHON=python3.10
MOUNTED = build/mounted
test-built: $(VENV)/installed build
	test ! -e $(MOUNTED) || chmod -R u+w $(MOUNTED)
	rm -rf $(MOUNTED)
	for layer in build/layers/*.zip; do $(BIN)/python -m zipfile -e $$layer $(MOUNTED)/opt; done
	for function in $(notdir $(wildcard functions/*)); do \
		$(BIN)/python -m zipfile -e build/functions/$$function.zip $(MOUNTED)/functions/$$function; done
	chmod -R a-w $(MOUNTED)
	MOUNTED="$(CURDIR)/$(MOUNTED)" PYTHONDONTWRITEBYTECODE=x \
		$(BIN)/python -m pytest --override-ini pythonpath="$(MOUNTED)/opt ." tests/end_to_end

lint: $(VENV)/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	PYTHONPATH=layers/instance_refresh $(BIN)/lint-imports

types: $(VENV)/installed
	$(BIN)/mypy

# Known vulnerabilities of what is pinned, by the index's own list; STRICT=--strict fails without one.
audit: $(VENV)/installed
	$(BIN)/python -m tests.audit $(ALL_REQUIREMENTS) $(STRICT)

check: lint types test audit

# Plays COUNT changed events on each function, or on FUNCTION; no network.
COUNT ?= 100000
fuzz: $(VENV)/installed
	PYTHONPATH=layers/instance_refresh $(BIN)/python -m tests.fuzz $(COUNT) $${FUNCTION:+"$$FUNCTION"}

# The same, guided by coverage: make fuzz-guided FUNCTION=webhook SECONDS=600 (Linux, Python 3.10).
SECONDS ?= 600
fuzz-guided: build/atheris
	PYTHONPATH=layers/instance_refresh:build/atheris $(BIN)/python -m tests.fuzz.guided \
		"$${FUNCTION:-webhook}" -max_total_time=$(SECONDS) -max_len=4096 -len_control=0 \
		-artifact_prefix=build/

build/atheris: tests/fuzz/requirements.txt | $(VENV)/installed
	$(PIP) --target $@ -r $<
	touch $@

# Changes the code that decides, one place at a time, and says what no test notices: half an hour or
# more; MODULE=rules/watch.py takes one module, WORKERS=1 one core.
mutants: $(MUTANTS_VENV)/installed $(VENV)/installed
	PATH="$(abspath $(BIN)):$$PATH" $(MUTANTS_VENV)/bin/python -m tests.mutants $${MODULE:+"$$MODULE"}

# 24 hours of 100 groups, an image an hour, with calls and instances that fail: some minutes.
day: $(VENV)/installed
	DAY=full $(BIN)/python -m pytest -n0 -s -q tests/end_to_end/test_day.py

# Prints ratios of one run: start-up, memory, sizes, reads and starts; OUT=file keeps the table.
bench: $(VENV)/installed
	OUT="$(OUT)" ROUNDS="$(ROUNDS)" $(BIN)/python -m tests.benchmarks

# Draws docs/overview.svg from its source; needs Graphviz.
picture:
	dot -Tsvg docs/overview.dot -o docs/overview.svg

# Makes the layers and functions as zips, in build/; python3.10, or PYTHON=…, compiles them.
build:
	@$(NEW_ENOUGH)
	$(PYTHON) layers/build.py

# Makes what a release consists of, in dist/, from a tree without changes: zips, bill of materials,
# Terraform module and SHA256SUMS. The same commit gives the same bytes.
release:
	@$(NEW_ENOUGH)
	$(PYTHON) layers/release.py

# plan: build, and show what a deploy would do; deploy: the same, ask (YES=1: don't), do it, look
# whether it is there, and call each function once; destroy: remove all of it; role: write the roles'
# policies for who makes the roles by hand (ROLES=no).
DEPLOY = $(DEPLOY_VENV)/bin/python deploy/deploy.py
plan deploy destroy role: $(DEPLOY_VENV)/installed
	@$(DEPLOY) $@

# Deploys another commit or tag: make rollback TO=HEAD~1
rollback: $(DEPLOY_VENV)/installed
	@$(DEPLOY) rollback "$$TO"

# The same with the vendor's CLI, which makes no roles; update-scf leaves the layer of dependencies.
SCF = $(DEPLOY_VENV)/bin/python deploy/vendor_cli.py
deploy-scf update-scf remove-scf: $(DEPLOY_VENV)/installed
	@$(SCF) $(@:-scf=)

rollback-scf: $(DEPLOY_VENV)/installed
	@$(SCF) rollback "$$TO"

# Writes the pinned requirements anew from pyproject.toml (needs uv).
LOCK = uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate
lock:
	$(LOCK) --group functions --output-file requirements.txt
	$(LOCK) --group local --constraint requirements.txt --output-file local/requirements.txt
	$(LOCK) --group deploy --constraint requirements.txt --output-file deploy/requirements.txt
	$(LOCK) --group mutants --output-file tests/mutants/requirements.txt
	$(LOCK) --group examples --constraint requirements.txt --output-file examples/image/requirements.txt
	$(LOCK) --group tests --constraint requirements.txt --constraint local/requirements.txt \
		--no-emit-package tencentcloud-sdk-python --output-file tests/requirements.txt

$(VENV)/run-installed: $(RUN_REQUIREMENTS)
	@$(NEW_ENOUGH)
	rm -rf $(VENV) # --clear would empty what a symbolic link leads to
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(addprefix -r ,$(RUN_REQUIREMENTS))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--editable .
	touch $@

$(DEPLOY_VENV)/installed: deploy/requirements.txt
$(MUTANTS_VENV)/installed: tests/mutants/requirements.txt
$(DEPLOY_VENV)/installed $(MUTANTS_VENV)/installed:
	@$(NEW_ENOUGH)
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes -r $<
	touch $@

# tccli calls the API through the SDK's product packages here, so the whole SDK (169 MB) stays out.
$(VENV)/installed: $(REQUIREMENTS) | $(VENV)/run-installed
	$(PIP) $(addprefix -r ,$(REQUIREMENTS))
	touch $@
