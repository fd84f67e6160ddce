# `make check` is exactly what CI runs.
CARGO ?= cargo

# Needs the Python of reference/README.md.
PYTHON ?= .venv/bin/python

.PHONY: check fmt lint deny test doc golden

check: fmt lint deny test doc

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

golden:
	$(PYTHON) -m reference.golden
