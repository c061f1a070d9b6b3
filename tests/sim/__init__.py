"""Simulated federations: storms within a budget, convergence, restores, and the mutants that prove the checks."""
