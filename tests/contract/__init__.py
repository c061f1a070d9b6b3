"""The local API is held against its OpenAPI document by generated requests."""
