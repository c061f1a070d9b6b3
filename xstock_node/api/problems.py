"""What a failed request answers: one shape for the API and for `--json` on the command line."""

import msgspec

from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StandsBy, StorageError


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is for machines; expected, came and do are for people. `exit_code` ends the command line."""

    code: str
    expected: str
    came: str = ""
    do: str = ""
    exit_code: int = 1


class ProblemBody(msgspec.Struct, frozen=True):
    """The JSON object of a failure."""

    error: Problem


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A failure over HTTP (RFC 9457); `error` is what `--json` prints."""

    type: str
    title: str
    status: int
    detail: str
    error: Problem


NOT_FOUND = frozenset(
    {
        "no-case",
        "no-line",
        "no-request",
        "no-person",
        "no-pending",
        "no-offer",
        "no-item",
        "no-network",
        "no-log",
        "not-found",
        "no-paper",
        "no-agreement",
        "no-attachment",
        "no-plan",
        "no-session",
        "no-token",
        "no-passkey",
        "no-hand-over",
    }
)
CONFLICT = frozenset(
    {
        "step",
        "not-available",
        "doubtful-start",
        "key-used",
        "key-busy",
        "person-exists",
        "undelivered",
        "another-note",
    }
)
TOO_MANY = frozenset({"too-many"})
TOO_LARGE = frozenset({"too-large"})
NOT_LEADER = "not-leader"
FORBIDDEN = frozenset(
    {"forbidden", "bad-code", "second-person", "no-member", "former-member", "sign-in-again", "bad-sign-in"}
)


def status_of(problem: Problem) -> int:
    """The HTTP status of a problem."""
    known = ((FORBIDDEN, 403), (NOT_FOUND, 404), (CONFLICT, 409), (TOO_LARGE, 413), (TOO_MANY, 429))
    for codes, status in (*known, (frozenset({NOT_LEADER}), 503)):
        if problem.code in codes:
            return status
    return 422


def document_of(problem: Problem, status: int) -> ProblemDocument:
    """A problem as a document."""
    detail = "; ".join(part for part in (problem.came and f"came {problem.came}", problem.do) if part)
    title = f"expected {problem.expected}"
    return ProblemDocument(type=f"urn:xstock:{problem.code}", title=title, status=status, detail=detail, error=problem)


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error of ours means; None for one that is a defect of the program."""
    if isinstance(error, Refusal):
        return Problem(
            code=error.code, expected=error.expected, came=error.came, do=error.do, exit_code=error.exit_code
        )
    if isinstance(error, ProtocolError):
        return Problem(code=error.code, expected=error.expected, came=error.came, do=error.do)
    if isinstance(error, StandsBy):
        return Problem(code=NOT_LEADER, expected=error.expected, came=error.came, do=error.do, exit_code=5)
    if isinstance(error, StorageError):
        return Problem(code="storage", expected=error.expected, came=error.came, do=error.do, exit_code=4)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        came = f"{where}{error.strerror or error or type(error).__name__}"
        return Problem(code="system", expected="what the system allows", came=came, do="check the path and its rights")
    if isinstance(error, UnicodeEncodeError):
        return Problem(code="bad-text", expected="texts in UTF-8", came="other bytes", do="type them anew", exit_code=2)
    if isinstance(error, OverflowError):
        return Problem(code="system", expected="figures within range", came=str(error), do="give smaller figures")
    return None
