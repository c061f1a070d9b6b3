"""The conformance kit: it plays a partner over real HTTP and judges a node by the clauses of the specification."""

VERSION = "1.0"  # of protocol/SPEC.md, by which a node is judged
