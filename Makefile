# `make check` is exactly what CI runs.
CARGO ?= cargo

CHROMIUM ?= chromium
TARGET = $(abspath $(or $(CARGO_TARGET_DIR),target))

# Needs the Python of reference/README.md.
PYTHON ?= .venv/bin/python

.PHONY: check fmt lint deny test page doc clients golden asan

check: fmt lint deny test doc page clients

fmt:
	$(CARGO) fmt --all --check

# Once as built, once without the embedded models and OCR.
lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy -p lens-vision --no-default-features --locked -- -D warnings

deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install cargo-deny --locked --version 0.20.2
	$(CARGO) deny --all-features check licenses bans sources

test:
	$(CARGO) test --workspace --locked

# The page in a real browser, against `lens serve`. Screenshots: target/page.
page:
	@command -v $(CHROMIUM) >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; } \
		|| { echo "the page is tested in Chromium: install it, or name it (make page CHROMIUM=...)" >&2; exit 1; }
	npm ci --prefix web/tests --no-audit --no-fund
	$(CARGO) build -p lens-eyes --locked
	CHROMIUM=$$(command -v $(CHROMIUM)) LENS=$(TARGET)/debug/lens SHOTS=$(TARGET)/page node --test web/tests/page.test.mjs

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

# The official SDKs against `lens serve`, in an environment of their own. Needs Python 3.11 or later.
CLIENTS = $(TARGET)/clients
clients:
	$(CARGO) build -p lens-eyes --locked
	test -x $(CLIENTS)/bin/python || python3 -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check -r crates/lens-server/clients/requirements.txt
	$(CLIENTS)/bin/python crates/lens-server/clients/check_sdks.py $(TARGET)/debug/lens

golden:
	$(PYTHON) -m reference.golden

# The kernels under AddressSanitizer. Needs a nightly toolchain.
asan:
	RUSTFLAGS=-Zsanitizer=address $(CARGO) +nightly test -p lens-kernels --lib --tests --target x86_64-unknown-linux-gnu
