# What a newcomer needs: `make demo` runs the main job, `make test` runs all tests. Each does its own set-up.

CARGO ?= cargo

.PHONY: demo test check setup fmt lint doc schema fixture rule bench instructions fuzz clean

demo: ## the ranked table for a made-up company
	$(CARGO) run --release --quiet --no-default-features -- demo

test: setup ## all tests
	$(CARGO) test

check: fmt lint test doc ## what CI runs

setup: ## the Python environment that the proofs against DuckDB need
	sh tests/setup.sh

fmt:
	$(CARGO) fmt --check

lint:
	$(CARGO) clippy --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps

schema: ## docs/*.schema.json from the types
	for of in recommend unit-cost changes; do \
	    name=$$(echo $$of | sed 's/recommend/report/; s/-/_/'); \
	    $(CARGO) run --quiet -- schema $$of > docs/$$name.schema.json.new && mv docs/$$name.schema.json.new docs/$$name.schema.json || exit 1; \
	done

fixture: ## fixtures/company from its generator
	$(CARGO) run --quiet --example make -- --out target/company
	rm -rf fixtures/company
	mv target/company fixtures/company

rule: ## make rule NAME=x FROM=y: three files that begin as a copy of a working rule
	sh rules/new.sh "$(NAME)" "$(FROM)"

bench: setup ## curtail beside DuckDB and Polars: make bench ARGS="--rows 2000000"; --help says more
	$(CARGO) build --release --quiet --bin curtail --example facts
	.venv/bin/python benches/peers.py $(ARGS)

instructions: ## instructions that reading a small export takes, against benches/instructions.toml; ARGS=--update keeps them
	$(CARGO) build --release --quiet --bin curtail
	python3 benches/instructions.py $${CARGO_TARGET_DIR:-target}/release/curtail $(ARGS)

fuzz: ## damaged parts through both readers: make fuzz SECONDS=3600 SEED=7
	sh fuzz/run.sh $(SECONDS) $(SEED)

clean:
	$(CARGO) clean
	rm -rf .venv
