# Each target sets up all that it needs; `make test` is what CI runs.
PYTHON ?= python3
BIN := .venv/bin
PAGE := jobs/web/page

.PHONY: install demo serve test lint types check clean page

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

# The page's packages, for its tests; without npm or a way to fetch them those tests are left out and say so.
$(PAGE)/node_modules/.package-lock.json: $(PAGE)/package-lock.json
	-command -v npm && cd $(PAGE) && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

page: $(PAGE)/node_modules/.package-lock.json
	cd $(PAGE) && npm run build

serve: install
	mkdir -p out/review
	cp -n tests/data/chaplin_street.mp4 out/review/
	$(BIN)/kinochrome serve out/review --add chaplin_street.mp4 $(if $(DISPLAY)$(WAYLAND_DISPLAY),--browser)

# Many tests start a Python of their own: each would compile all modules again where byte code is not kept. One process
# more than cores, for some tests wait.
test: install $(PAGE)/node_modules/.package-lock.json
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $$(($$(nproc) + 1)) --dist worksteal

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: install
	$(BIN)/mypy

check: lint types test

clean:
	rm -rf .venv $(PAGE)/node_modules out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
