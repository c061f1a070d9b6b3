"""Back-ups of others lie in one data folder: processes that share a database neither keep them nor answer for them."""

from pathlib import Path

import pytest

from tests.api.conftest import BG, HR, opened
from tests.processes import xstock
from xstock_node.cli import assembly
from xstock_node.config import load
from xstock_node.protocol.errors import NotLeader
from xstock_node.protocol.paths import PATHS
from xstock_node.services.errors import Refusal
from xstock_node.services.reading_only import READING, ReadingAnswers


class SharedEngine:
    """An engine as far as a start asks for it."""

    leads = closed = False

    async def try_to_lead(self) -> bool:
        raise AssertionError("nothing is led with these settings")

    async def until_lost(self) -> None:
        """Never lost."""

    async def close(self) -> None:
        self.closed = True


async def test_who_stands_by_answers_nothing_of_back_ups(tmp_path: Path) -> None:
    names = {path.name for path in PATHS if path.name.startswith("backup.")}
    assert len(names) == 5 and not names & READING and {"head", "proof", "identity"} <= READING
    async with opened(tmp_path, (BG, HR), (BG,)) as desks:
        answers = ReadingAnswers(desks[BG].office.node)
        for name in sorted(names):
            with pytest.raises(NotLeader):
                await answers.small(name, HR, {"file": "a.xsbackup", "number": "0", "hash": "0" * 64}, b"")


async def test_settings_that_keep_back_ups_on_a_shared_database_are_refused_at_start(tmp_path: Path) -> None:
    assert xstock("init", "--name", BG, "--country", "BG", home=tmp_path).returncode == 0
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[[keep_backup]]\nname = "{HR}"\nmegabytes = 40\n')
    engine = SharedEngine()
    with pytest.raises(Refusal, match=r"no \[\[keep_backup\]\] where") as refused:
        await assembly.open_office(tmp_path, load(tmp_path), engine)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.exit_code, engine.closed) == ("bad-config", 3, True)
