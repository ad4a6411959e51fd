# A fresh machine needs Python 3.11 or later with venv, make and git; everything else is fetched into .venv.
# Recipes are silent and setup speaks on stderr, so that `make demo ARGS="--for 30 --json"` ends with its JSON.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := test
.PHONY: setup demo test collect test-long lint bench shape fuzz lock system-packages

# Where Python keeps no bytecode, each of the hundreds of processes that the tests start compiles the program anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
CODE := nvr config storage recorder access benchmarks tools

# Programs that tests play against. chromium joins the list with the first test that needs it:
# until then it would only make every run fetch a browser.
SYSTEM_PACKAGES_LIST := ffmpeg openssl postgresql systemd python3-gi gir1.2-gst-rtsp-server-1.0 \
	gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly vlc-bin vlc-plugin-base
SYSTEM_PACKAGES_LATER := chromium

ifneq ($(filter 1 true,$(SYSTEM_PACKAGES) $(CI)),)
WITH_SYSTEM := system-packages
endif

setup: .venv/texts

# The venv is made anew when the lock changes: a package that left the lock must not linger.
.venv/locked: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one with PYTHON=...")'
	@echo "Installing the locked packages into .venv (a few hundred MB, once)" >&2
	@$(PYTHON) -m venv --clear .venv >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock >&2
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	@touch $@

# The installation compiles the texts too: this is for those that change afterwards.
TEXTS := $(shell find access config nvr recorder storage -name '*.po')
.venv/texts: .venv/installed $(TEXTS)
	@$(BIN)/python -m tools.catalogues
	@touch $@

demo: setup
	@$(BIN)/nvr demo $(ARGS)

# Half of the time is waiting for cameras that play at their own pace: three processes more than there are cores, and the
# tests of a file in one of them, since those share what is costly to set up. In the order of the files: the few that
# take minutes come first, and not at the end, where all other processes would wait for them.
WORKERS ?= $(shell echo $$(($$(nproc) + 3)))
test: setup $(WITH_SYSTEM)
	@$(MAKE) --jobs=2 lint collect
	@$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder $(ARGS)

# Beside the checks, which keep one core busy: the processes of the tests find what they would each compile for themselves.
collect: setup
	@$(BIN)/pytest --collect-only --quiet --quiet >/dev/null 2>&1 || true

test-long: setup $(WITH_SYSTEM)
	@$(BIN)/pytest -m long --hypothesis-profile=thorough $(ARGS)

fuzz: setup
	@$(BIN)/pytest -m fuzz --hypothesis-profile=thorough $(ARGS)

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.shape $(CODE)

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)

shape: setup
	@$(BIN)/python -m tools.shape $(CODE)

system-packages:
	@tools/system-packages $(SYSTEM_PACKAGES_LIST) >&2

# `make lock ARGS=--upgrade` moves every version; without it only what pyproject.toml asks for moves.
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock: setup
	@$(COMPILE) --output-file requirements.lock $(ARGS)
	@$(COMPILE) --extra dev --constraints requirements.lock --output-file requirements-dev.lock $(ARGS)
