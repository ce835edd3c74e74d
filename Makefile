PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
REQUIREMENTS = requirements.txt local/requirements.txt tests/requirements.txt

$(VENV)/installed: $(REQUIREMENTS)
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(addprefix -r ,$(REQUIREMENTS))
	touch $@
