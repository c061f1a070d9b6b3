"""What holds for every test of the node."""

import pytest
from hypothesis import Phase, settings

settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), database=None, deadline=None)
"""For `make mutation`: an example that fails ends the test, no smaller one is looked for; a slow machine kills none."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long bytes are numbered, not spelt out: what was signed or packed just now differs between two processes."""
    return argname if isinstance(val, bytes) and len(val) > 12 else None


LONG = (  # most of a minute each, or nearly: begun first, in both halves, so that none of them is what all wait for
    "tests/faults/test_operation_kills.py",
    "tests/faults/test_kills.py",
    "tests/contract/test_contract.py",
    "tests/conformance/test_own_node.py",
    "tests/networks/test_founding_and_joining.py",
    "tests/story/test_by_command_line.py",
    "tests/models/test_case_model.py",
    "tests/sim/test_storms.py",
    "tests/models/test_operation_walk.py",
    "tests/networks/test_keys_and_networks.py",
    "tests/sim/test_mutants.py",
    "tests/cli/test_exercise.py",
    "tests/cli/test_demo.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, where two workers begin (`--dist worksteal` gives each one half of the list)."""
    halves = [[i for name in LONG[start::2] for i in items if i.nodeid.startswith(name)] for start in (0, 1)]
    rest = [i for i in items if not i.nodeid.startswith(LONG)]
    middle = max(0, (len(items) + 1) // 2 - len(halves[0]))
    items[:] = halves[0] + rest[:middle] + halves[1] + rest[middle:]
