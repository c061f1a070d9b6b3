"""Which engine is opened, what is said where it cannot be, and that SQLite pays for no other."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from xstock_node.cli.assembly import open_storage
from xstock_node.cli.init import Answers, create
from xstock_node.config import load
from xstock_node.services.errors import Refusal
from xstock_node.storage.sqlite import SqliteEngine

IMPORTS = """
import sys
from pathlib import Path
from xstock_node.cli.assembly import open_storage
from xstock_node.config import load
import xstock_node.cli.serve, xstock_node.cli.session
home = Path(sys.argv[1])
open_storage(home, load(home))
others = {"psycopg", "psycopg_binary", "xstock_postgresql"}
print(sorted(name for name in sys.modules if name.partition(".")[0] in others))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a new node."""
    create(tmp_path / "node", Answers(name="redcross.example"), int(time.time()))
    return tmp_path / "node"


def choose(home: Path, *lines: str) -> None:
    with (home / "config.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", "[storage]", *lines]) + "\n")


def refused(home: Path) -> Refusal:
    with pytest.raises(Refusal) as told:
        open_storage(home, load(home))
    return told.value


async def test_sqlite_is_chosen_where_nothing_is_said(home: Path) -> None:
    engine = open_storage(home, load(home))
    assert isinstance(engine, SqliteEngine) and (home / "node.db").exists()
    await engine.close()


def test_a_node_on_sqlite_imports_no_other_engine(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS, home], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_engine_that_is_not_installed_is_refused_with_what_is_and_how_to_get_it(home: Path) -> None:
    choose(home, 'engine = "oracle"')
    told = refused(home)
    assert (told.code, told.exit_code) == ("no-engine", 3)
    assert told.expected == "storage.engine as one of sqlite, postgresql"
    assert "oracle" in told.came and told.do == "pip install xstock-oracle"


def test_an_engine_with_a_server_wants_a_file_that_only_its_owner_reads(home: Path) -> None:
    choose(home, 'engine = "postgresql"')
    assert refused(home).code == "no-connection"
    (home / "config.toml").write_text((home / "config.toml").read_text("utf-8") + 'connection_file = "pg"\n', "utf-8")
    assert refused(home).code == "no-file"
    (home / "pg").write_text("host=127.0.0.1 port=1 dbname=x", "utf-8")
    (home / "pg").chmod(0o640)
    told = refused(home)
    assert told.code == "key-too-open" and "chmod 600" in told.do
