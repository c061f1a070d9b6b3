"""What the newcomer's script takes out of the manual."""

import pytest

from tests.deploy.manual import commands
from tests.deploy.newcomer import PARTS

PAGE = """# A
```sh
one --a \\
    --b
two # no heading
# nor is this
```
words `three`
```
four
```
## B
```sh
five
```
### C
```sh
six
```
"""


def test_commands_are_taken_as_they_stand_from_marked_blocks_of_one_part() -> None:
    assert commands(["A"], PAGE) == ["one --a \\\n    --b", "two # no heading", "# nor is this"]
    assert commands(["C", "B"], PAGE) == ["six", "five"]


def test_a_part_that_is_gone_is_named() -> None:
    with pytest.raises(LookupError, match="'D'"):
        commands(["D"], PAGE)


def test_the_manual_leads_from_the_sum_of_the_bundle_to_a_doctor_that_is_content() -> None:
    lines = commands(PARTS)
    assert lines[0].startswith("sha256sum -c ") and lines[-1] == "xstock doctor"
    assert any(line.startswith("systemctl enable --now xstock-node") for line in lines)
    assert any(line.startswith("xstock offer publish") for line in lines)
