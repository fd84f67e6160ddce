# `make check` is exactly what CI runs.
CARGO ?= cargo

# Needs the Python of reference/README.md.
PYTHON ?= .venv/bin/python

.PHONY: check fmt lint deny test doc clients golden

check: fmt lint deny test doc clients

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

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

# The official SDKs against `lens serve`, in an environment of their own. Needs Python 3.11 or later.
CLIENTS = $(or $(CARGO_TARGET_DIR),target)/clients
clients:
	$(CARGO) build -p lens-eyes --locked
	test -x $(CLIENTS)/bin/python || python3 -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check -r crates/lens-server/clients/requirements.txt
	$(CLIENTS)/bin/python crates/lens-server/clients/check_sdks.py $(or $(CARGO_TARGET_DIR),target)/debug/lens

golden:
	$(PYTHON) -m reference.golden
