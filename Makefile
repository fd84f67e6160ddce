# `make check` is exactly what CI runs.
CARGO ?= cargo

CHROMIUM ?= chromium
TARGET = $(abspath $(or $(CARGO_TARGET_DIR),target))

# Needs the Python of reference/README.md.
PYTHON ?= .venv/bin/python

.PHONY: check fmt lint deny test page doc clients golden asan eval-nano

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

# nano measured: docs/nano/summary.md and its charts anew. DATA: the training pack (training/README.md says what it is).
# Needs the Python of training/README.md. A run that was stopped goes on; `rm -r $(EVAL)` starts over.
# It measures this tree's program, built anew where that is due; make eval-nano LENS=... measures another one.
EVAL = $(TARGET)/eval-nano
LENS = $(TARGET)/release/lens
RUN = LENS_HOME=$(EVAL)/home $(LENS) eval run --offline --data $(EVAL)/sets --max-broken 0
eval-nano:
	@test -f "$(DATA)/flickr8k.parquet" || { echo "name the folder of the training pack: make eval-nano DATA=..." >&2; exit 1; }
	$(if $(findstring command,$(origin LENS)),,$(CARGO) build --release --locked -p lens-eyes)
	mkdir -p $(EVAL)/sets docs/nano
	PYTHONPATH=training $(PYTHON) -m eval_sets --data $(abspath $(DATA)) --work $(EVAL) --questions 300
	ln -sfn $(EVAL)/eval/nano-* $(EVAL)/sets/
	ln -sfn $(abspath $(DATA))/flickr8k.parquet $(EVAL)/sets/nano-flickr8k.parquet
	ln -sfn $(abspath $(DATA))/caltech101.parquet $(EVAL)/sets/nano-caltech101.parquet
	ln -sfn $(abspath $(DATA))/tiny_imagenet.parquet $(EVAL)/sets/nano-tiny-imagenet.parquet
	$(RUN) nano-flickr8k-vqa nano-scenes nano-text --out $(EVAL)/vqa --pool 400 \
		--system lens,llm-only,swapped --ablate leave-one-out --captions 0,1,5 --shots 0,1,3
	$(RUN) nano-caltech101 nano-tiny-imagenet --out $(EVAL)/classes --limit 200 --pool 400 \
		--system lens,clip,llm-only,swapped --ablate leave-one-out --shots 0,1,3
	$(RUN) nano-flickr8k --out $(EVAL)/captions --system captioner --limit 300
	LENS_HOME=$(EVAL)/calibration-home $(LENS) eval calibrate nano-flickr8k --offline --data $(EVAL)/sets --limit 300 \
		--out $(EVAL)/calibration
	$(LENS) eval report $(EVAL)/vqa $(EVAL)/classes $(EVAL)/captions --out $(EVAL)/report
	rm -f docs/nano/*
	printf '# nano, measured by `make eval-nano`\n\n' | cat - $(EVAL)/report/summary.md > docs/nano/summary.md
	printf '\nThe tags'\'' temperature ([calibration.json](calibration.json)): ![before](reliability_before.svg) ![after](reliability_after.svg)\n' >> docs/nano/summary.md
	cp $(EVAL)/report/plot_*.svg $(EVAL)/calibration/*.svg $(EVAL)/calibration/calibration.json docs/nano/
