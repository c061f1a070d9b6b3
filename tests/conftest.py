"""What holds for every test of the node."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long bytes are numbered, not spelt out: what was signed or packed just now differs between two processes."""
    return argname if isinstance(val, bytes) and len(val) > 12 else None
