"""Measurements: each module with a `main` is a benchmark, and `bin/bench NAME` runs it."""
