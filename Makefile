# Make is optional: each target is the one line below it.
.PHONY: test lint fmt docs bench

test:
	sh tests/run.sh
lint:
	sh tests/run.sh lint
fmt:
	sh setup.sh --dev && .venv/bin/ruff check --fix && .venv/bin/ruff format
docs:
	sh setup.sh --dev && .venv/bin/pytest tests/test_docs.py
bench:
	sh setup.sh --dev && .venv/bin/python -m benchmarks
