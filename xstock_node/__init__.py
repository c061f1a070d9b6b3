"""X-Stock node: signed stock offers shared between national societies, without a centre."""

__version__ = "0.1.0"
