"""Ratios measured side by side in one run; ``python -m benchmarks`` writes them into docs/benchmarks.md."""
