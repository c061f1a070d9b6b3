"""What verbs print: JSON alone on stdout when asked for, else words; errors on stderr with a stable exit code."""

import asyncio
import functools
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click
import msgspec

from xstock_node.i18n import text
from xstock_node.services.typed import clean

P = ParamSpec("P")
Shown = Callable[[Any], str]
DEFECT = 70


ONCE = click.option(
    "--once", default="", metavar="KEY", help="8 to 64 letters, digits, - or _: asked again with it, it is done once."
)


def verb(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Add `--json` and `--home` to an async verb, run it, and turn our errors into exit codes."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON value on stdout, also on failure.")
    @click.option("--home", type=click.Path(path_type=Path), help="Data folder; else XSTOCK_HOME, else the user's.")
    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            with asyncio.Runner(loop_factory=fast_loop if command.__name__ == "serve" else None) as runner:
                runner.run(command(*args, **options))  # type: ignore[arg-type]
        except (KeyboardInterrupt, BrokenPipeError):
            _leave_quietly()
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            fail(error, options.get("as_json", False))

    return run


def emit(value: Any, as_json: bool, shown: Shown) -> None:
    """Print a value: as JSON, or in words."""
    if told := msgspec.json.encode(value).decode() if as_json else shown(value):
        click.echo(told)


@contextmanager
def only_our_stdout(keep: bool = True) -> Iterator[None]:
    """What libraries write to the standard output below Python, such as a solver its banner, goes to stderr.

    Without `keep` it goes nowhere.
    """
    sys.stdout.flush()
    kept, other = os.dup(1), 2 if keep else os.open(os.devnull, os.O_WRONLY)
    os.dup2(other, 1)
    try:
        yield
    finally:
        if not keep:
            os.close(other)
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def say(code: str, source: str, /, **params: object) -> None:
    """Talk to the person, on stderr."""
    click.echo(words(code, source, **params), err=True)


def words(code: str, source: str, /, **params: object) -> str:
    """A text for the person's terminal; what fills it has no characters that move the cursor or turn the line."""
    return text(code, source, **{name: _shown(value) for name, value in params.items()}).say()


def fail(error: Exception, as_json: bool) -> NoReturn:
    """End with the error's exit code; a defect of the program is told as one, with its traceback on stderr."""
    from xstock_node.api.problems import Problem, ProblemBody, problem_of

    problem = problem_of(error)
    if problem is None:
        traceback.print_exception(error)
        do = "send the lines on stderr to the authors"
        came = f"{type(error).__name__}: {error}"
        problem = Problem(code="defect", expected="a program without defects", came=came, do=do, exit_code=DEFECT)
    if as_json:
        click.echo(msgspec.json.encode(ProblemBody(problem)).decode())
    say("error.head", "error: {code}", code=problem.code)
    for name, said in (("expected", problem.expected), ("came", problem.came), ("do", problem.do)):
        if said:
            say(f"error.{name}", name.ljust(8) + "  {words}", words=words(f"{problem.code}.{name}", said))
    sys.exit(problem.exit_code)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their widest cell; figures to the right."""
    titles = [text(f"column.{header.replace(' ', '-')}", header).say() for header in headers]
    cells = [titles, *([clean(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    figures = [all(_is_figure(row[i]) for row in cells[1:]) and len(cells) > 1 for i in range(len(headers))]
    lines = []
    for row in cells:
        padded = [c.rjust(w) if right else c.ljust(w) for c, w, right in zip(row, widths, figures, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def marked(text: str, exercise: bool) -> str:
    """A text of a list, with the mark of an exercise before it where it is of one."""
    return f"{words('mark.exercise', 'EXERCISE')} {text}" if exercise else text


def pairs(rows: Iterable[tuple[str, object]]) -> str:
    """Names and values, one a line."""
    unknown = words("value.unknown", "unknown")
    found = [(words(f"row.{name}", name), unknown if value is None else clean(str(value))) for name, value in rows]
    width = max((len(name) for name, _ in found), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in found)


def _shown(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def fast_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where the extra `fast` is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _is_figure(cell: str) -> bool:
    return cell.replace(".", "", 1).replace("-", "", 1).isdigit() or cell == ""


def _leave_quietly() -> NoReturn:
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - a closed pipe must not complain again at exit
    sys.exit(130)
