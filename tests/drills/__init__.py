"""Drills: what an operator does on the worst days, with real processes and a clock beside it."""
