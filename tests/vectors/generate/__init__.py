"""The generator of the vectors: no clock, no chance; the same bytes at every run."""
