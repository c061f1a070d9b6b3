"""The API of a node for its own people and systems; routes are data, handlers are services."""
