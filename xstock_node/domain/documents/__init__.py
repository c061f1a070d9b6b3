"""Papers of an operation: facts and words in, a sheet in two or three languages out; drawing it is for others."""
