# Each target sets up all that it needs; `make test` is what CI runs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test lint types check clean

install: .venv/installed

.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kinochrome needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install
	mkdir -p out
	$(BIN)/kinochrome colorize tests/data/chaplin_street.mp4 -o out/chaplin_street.mp4 --sheet out/chaplin_street.png --overwrite
	@echo 'The film: out/chaplin_street.mp4'
	@echo 'Before and after: out/chaplin_street.png'

test: install
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: install
	$(BIN)/mypy

check: lint types test

clean:
	rm -rf .venv out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
