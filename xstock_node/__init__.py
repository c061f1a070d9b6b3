"""X-Stock node: signed stock offers shared between national societies, without a centre."""

__version__ = "0.2.0"
