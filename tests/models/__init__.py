"""Exhaustive models of the protocol's rules: `python -m tests.models` explores them and prints what it saw."""
