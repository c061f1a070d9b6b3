# make demo, make test: each sets up what it needs. Nothing but Python 3.11+ and make has to be there.
PYTHON ?= python3
BIN := .venv/bin
# Hundreds of processes are started by the tests: they start from compiled code.
unexport PYTHONDONTWRITEBYTECODE
# Most tests wait for processes more than they compute: two at a time for each of a few cores. The heavy ones compute.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? 2 * n : n)))
PLUGINS := $(wildcard plugins/*/pyproject.toml)
FRONTEND := xstock_node/console/frontend
ASSETS := xstock_node/console/static/vendor/manifest.json
DRIVER := tests/browser/node_modules/.package-lock.json
NPM := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

.PHONY: assets browser screenshots i18n console-if-npm browser-if-npm venv demo test test-tryton lint bench points crash lines mutants sim convergence restores fuzz promises walk contract siege cuts flips power kills io-errors full-disk mutation slow heavy
venv: $(BIN)/xstock console-if-npm

# What the console takes from the npm registry, by the lock. The console works without it, plainer.
assets: $(ASSETS)

$(ASSETS): $(addprefix $(FRONTEND)/,package.json package-lock.json build.mjs outlines.mjs)
	cd $(FRONTEND) && $(NPM) && node build.mjs

# What drives Chromium in tests/browser.
browser: $(DRIVER)

$(DRIVER): tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && $(NPM)
	touch $@

console-if-npm:
	@command -v npm >/dev/null || { echo "npm is missing: the console goes without htmx and the live map (install npm, then: make assets)" >&2; exit 0; }; \
	$(MAKE) --no-print-directory -s assets || echo "the assets of the console were not built: it works without them, plainer" >&2

browser-if-npm: console-if-npm
	@command -v npm >/dev/null || { echo "npm is missing: tests that drive a browser are skipped (install nodejs, npm, chromium)" >&2; exit 0; }; \
	$(MAKE) --no-print-directory -s browser || echo "the driver of the browser was not installed: its tests are skipped" >&2

$(BIN)/xstock: pyproject.toml $(PLUGINS)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . $(addprefix -e ./,$(dir $(PLUGINS)))
	touch $(BIN)/xstock

.venv/dev: $(BIN)/xstock pyproject.toml
	$(BIN)/python tests/dev_tools.py | xargs $(BIN)/python -m pip install --quiet --disable-pip-version-check
	touch .venv/dev

demo: venv
	$(BIN)/xstock demo

test: .venv/dev browser-if-npm
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# The texts of the console: extracted, brought into each language's catalogue, checked, counted.
i18n: .venv/dev
	$(BIN)/python -m tests.translations $(I18N)

# Every page of the console in every theme and width, over the nodes of the demo: screenshots/index.html. In another
# language, or fewer of them: make screenshots SHOTS="--language de --theme light desk map"
screenshots: .venv/dev browser-if-npm
	$(BIN)/python -m tests.browser.screenshots screenshots $(SHOTS)

# Installs three versions of Tryton by name into .tryton/ at the first run.
test-tryton: .venv/dev
	$(BIN)/python -m pytest plugins/xstock-tryton tests/story/test_tryton_by_command_line.py -m tryton -n auto --dist worksteal

heavy: .venv/dev browser-if-npm
	$(BIN)/python -m pytest -n auto --dist worksteal -m heavy

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/dev
	$(BIN)/python -m tests.benchmarks $(BENCH)

crash: .venv/dev
	$(BIN)/python -m pytest tests/faults tests/relay -m slow -s

fuzz: .venv/dev
	$(BIN)/python -m tests.fuzz --inputs 1000000 $(FUZZ)

lines: .venv/dev
	$(BIN)/python -m tests.lines $(LINES)

mutants: .venv/dev
	$(BIN)/python -m tests.conformance.mutants

mutation: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4'
	rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/python tests/mutation.py

# A hundred thousand power cuts in a hundred seeds (POWER='101 50' for the next fifty): about eight minutes.
power: .venv/dev
	$(BIN)/python -m tests.faults.power $(POWER)

# Ten thousand kill -9 of the storage writer: about ten minutes. Those of whole nodes are in make crash.
kills: .venv/dev
	$(BIN)/python -m tests.faults.writer_kills $(KILLS)

io-errors: .venv/dev
	$(BIN)/python -m tests.faults.io_errors $(ERRORS)

# A thousand times a full disk; wants root, for a small disk of its own.
full-disk: .venv/dev
	$(BIN)/python -m tests.faults.full_disk $(FULL)

# Ten thousand flipped bits (FLIPS='1000 7' for fewer, or another seed): about twelve minutes.
flips: .venv/dev
	$(BIN)/python -m tests.faults.flips $(FLIPS)

cuts: .venv/dev
	$(BIN)/python -m tests.cuts $(CUTS)

siege: .venv/dev
	$(BIN)/python -m tests.siege $(SIEGE)

walk: .venv/dev
	$(BIN)/python -m tests.models.operation_walk $(WALK)

contract: .venv/dev
	$(BIN)/python -m tests.contract $(CONTRACT)

promises: .venv/dev
	$(BIN)/python -m tests.models.stepper $(PROMISES)

convergence: .venv/dev
	$(BIN)/python -m tests.sim convergence $(CONVERGENCE)

restores: .venv/dev
	$(BIN)/python -m tests.sim restores $(RESTORES)

sim: .venv/dev
	$(BIN)/python -m tests.sim run $(SIM)

# All that is too long for a commit, one after the other, about three hours: before a release, and by night.
slow: sim restores convergence mutants fuzz promises walk crash cuts power kills io-errors full-disk flips drill growth hub versions siege lines bench

points: .venv/dev
	WORKERS=$(WORKERS) $(BIN)/python tests/points.py $(POINTS)

# Releases: what is locked, packed, and tried on a machine that is booted for it. deploy-* want root, and the Debian
# packages that each script names when they are missing.
.PHONY: lock bundle sbom reproducible deb deploy-systemd deploy-newcomer deploy-container deploy-deb deploy-proxies

lock: .venv/dev
	$(BIN)/python deploy/lock/make.py $(LOCK)

bundle: venv assets
	$(BIN)/python deploy/offline/make.py

deploy-systemd: .venv/dev assets
	$(BIN)/python -m tests.deploy.systemd_boot $(DEPLOY)

deploy-newcomer: .venv/dev assets
	$(BIN)/python -m tests.deploy.newcomer $(DEPLOY)

deploy-container: .venv/dev assets
	$(BIN)/python -m tests.deploy.container $(DEPLOY)

deb: bundle
	$(BIN)/python deploy/debian/make.py

deploy-deb: .venv/dev assets
	$(BIN)/python -m tests.deploy.package $(DEPLOY)

reproducible: .venv/dev
	$(BIN)/python deploy/offline/reproducible.py

# dist/xstock-node-VERSION.cdx.json, by the wheels of the bundle, which carries the same file.
sbom: bundle

# Two processes of one node on one PostgreSQL that hold two million offers, beside SQLite in the same run; the one that
# leads is killed while it is written to. About a quarter of an hour; quicker: make hub HUB="--records 200000"
.PHONY: hub
hub: .venv/dev
	$(BIN)/python -m tests.hub $(HUB)

deploy-proxies: .venv/dev
	$(BIN)/python -m pytest tests/deploy/test_proxies.py -m heavy

.PHONY: drill
# A new machine, a stolen key, a total loss with 100,000 records (DRILL="loss --records 5000" for less).
drill: .venv/dev
	$(BIN)/python -m tests.drills $(DRILL)
	$(BIN)/python -m pytest tests/scenarios/test_fourteen_days.py -m slow

# Nodes of the version before and of this one in one federation, data folders of released versions opened, and an upgrade
# killed at each statement. The older code comes from the history of this checkout.
.PHONY: versions
versions: .venv/dev
	$(BIN)/python -m pytest tests/upgrades -m "heavy or not heavy" -s $(VERSIONS)

.PHONY: growth
# Five simulated years of a mid-sized society: about four minutes.
growth: .venv/dev
	$(BIN)/python -m tests.growth $(GROWTH)

.PHONY: bench-report
# Runs the benchmarks, keeps their figures, writes the table of the README (REPORT="" makes the table of the kept ones).
REPORT ?= run
bench-report: .venv/dev
	$(BIN)/python -m tests.benchmarks.report $(REPORT)
