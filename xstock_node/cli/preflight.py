"""What `doctor` can look at while the office cannot be opened: settings, keys, identities, the database file."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from xstock_node.api.problems import Problem, problem_of
from xstock_node.cli.assembly import DATABASE, IDENTITY, pinned
from xstock_node.cli.keyfiles import KEYS, SIGNING_KEY, read_signer
from xstock_node.config import Config, load
from xstock_node.protocol import identity
from xstock_node.protocol.identity import Identity
from xstock_node.services.checks import check_keys
from xstock_node.services.errors import Refusal
from xstock_node.services.looked import Finding
from xstock_node.storage.choosing import SQLITE

T = TypeVar("T")
MAGIC = b"SQLite format 3\x00"


def finding_of(check: str, problem: Problem) -> Finding:
    """A problem as a finding of `doctor`."""
    came = f"; came {problem.came}" if problem.came else ""
    return Finding(
        check=check,
        state="error",
        found=f"expected {problem.expected}{came}",
        do=problem.do or "restore it from a copy",
    )


def look(home: Path) -> list[Finding]:
    """Every check that needs no opened node; one that fails stops no other."""
    findings: list[Finding] = []

    def attempt(check: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            findings.append(finding_of(check, problem))
            return None

    config = attempt("settings", lambda: load(home))
    keys = attempt("keys", lambda: check_keys(home)) or []
    findings += keys
    own = attempt("identity", lambda: identity.parse((home / IDENTITY).read_bytes()))
    if config is not None:
        attempt("peers", lambda: pinned(home, config))
    if config is not None and own is not None:
        attempt("identity", lambda: _match(home, config, own))
    if not any(found.check == SIGNING_KEY and found.state == "error" for found in keys):
        name = own.name if own is not None else "unknown.invalid"
        attempt(SIGNING_KEY, lambda: read_signer(home, name))
    if config is None or config.storage.engine == SQLITE:
        attempt("database", lambda: _database(home / DATABASE))
    return findings


def _match(home: Path, config: Config, own: Identity) -> None:
    if own.name != config.node.name:
        raise Refusal("wrong-identity", f"the identity of {config.node.name}", own.name, f"restore {home / IDENTITY}")
    seed = home / KEYS / SIGNING_KEY
    readable = os.access(seed, os.R_OK) and not seed.stat().st_mode & 0o077  # else `check_keys` says so
    if readable and read_signer(home, own.name).public not in own.signing_keys():
        raise Refusal("wrong-key", f"a signing key of {own.name}", "another one", f"restore {seed}")


def _database(path: Path) -> None:
    if not path.exists():
        return  # the first start makes it
    with path.open("rb") as file:
        began = file.read(len(MAGIC))
    if began not in (b"", MAGIC):
        raise Refusal("bad-database", f"a database in {path}", "something else", "restore it from a copy")
    if not os.access(path, os.W_OK):
        raise Refusal("bad-database", f"{path} writable by the node's user", "it is not", f"chmod 600 {path}")
