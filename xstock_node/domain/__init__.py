"""Words of relief logistics as types and pure functions; no socket, file, clock or randomness."""
