"""Exercises in memory: six nodes, one flood, everything that may go wrong, and what must come out."""
