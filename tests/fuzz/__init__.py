"""Fuzzing of everything that turns strangers' bytes into values: `python -m tests.fuzz` and `make fuzz`.

Every input is made from (seed, number) alone, so that a failure is replayed by these two.
"""
