"""Benchmarks: figures and ratios measured in one run, never a pass or fail on time."""
