"""Every seeded defect names something that the program really has: a renamed function must not end its mutant."""

from pkgutil import resolve_name

import pytest

from tests.conformance.mutants import Mutant, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.what)
def test_what_a_seeded_defect_replaces_is_there(mutant: Mutant) -> None:
    assert resolve_name(mutant.target) is not mutant.by
