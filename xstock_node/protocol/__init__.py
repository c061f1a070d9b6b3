"""The protocol `xs1`, pure: bytes in, value or error out; no socket, file, clock or randomness of its own."""
