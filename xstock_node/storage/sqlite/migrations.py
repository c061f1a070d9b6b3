"""Migrations, each run once inside a transaction together with the note that it ran; their names are `KNOWN` too.

They expand: a table, a column that may be null, an index. So the version before goes on with the same file. One that
takes away or changes what an older version reads calls `note_breaking` with the version that it comes with.
"""

from importlib import resources

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from xstock_node.storage.sqlite.connection import APPLICATION_ID

migrations = Migrations("xstock-node")


@migrations()
def m001_first(db: Database) -> None:
    """The tables of the first version."""
    _run(db, "schema_1.sql")
    db.execute(f"pragma application_id = {APPLICATION_ID}")


@migrations()
def m002_networks(db: Database) -> None:
    """Several networks: peers a network, charters, statements, forks, erasing, applications."""
    _run(db, "schema_2.sql")


@migrations()
def m003_cases(db: Database) -> None:
    """Cases, sealed mail, witnesses."""
    _run(db, "schema_3.sql")


@migrations()
def m004_epochs(db: Database) -> None:
    """Where epochs begin."""
    _run(db, "schema_4.sql")


@migrations()
def m005_objects(db: Database) -> None:
    """What people keep."""
    _run(db, "schema_5.sql")


@migrations()
def m006_plugins(db: Database) -> None:
    """What plugins keep for themselves."""
    _run(db, "schema_6.sql")


@migrations()
def m007_live_offers(db: Database) -> None:
    """The live offers of each log, counted without reading them."""
    _run(db, "schema_7.sql")


@migrations()
def m008_sums(db: Database) -> None:
    """A sum beside each record, by which a flipped bit is noticed."""
    _run(db, "schema_8.sql")


def _run(db: Database, name: str) -> None:
    script = resources.files(__package__).joinpath(name).read_text("utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)
