"""`xstock message`: messages of other systems in and out."""

from pathlib import Path
from typing import Any

import click

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.errors import Refusal
from xstock_node.services.typed import clean


@click.group("message")
def message() -> None:
    """Messages of other systems: take in, look at, write."""


@message.command("import")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@verb
async def import_(as_json: bool, home: Path | None, files: tuple[Path, ...]) -> None:
    """Take in FILES of another system (EDXL-RM ...): each message once; a request opens a draft."""
    from xstock_node.services.messaging import MessageFile

    requests = [MessageFile(file=file.name, content=_content(file)) for file in files]
    async with open_session(home) as session:
        results = [await session.call("message.import", request) for request in requests]
    emit(results, as_json, lambda found: "\n".join(line for one in found for line in _taken(one)))
    if any(one.state == "refused" for result in results for one in result.messages):
        raise click.exceptions.Exit(1)


@message.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Messages of other systems, newest first."""
    async with open_session(home) as session:
        found = await session.call("message.list")
    headers = ("message", "format", "kind", "from", "sent", "status", "state", "draft", "why")
    rows = [(m.id, m.format, m.kind, m.sender, m.sent, m.status, m.state, m.draft, m.reason) for m in found]
    emit(found, as_json, lambda _: table(headers, rows))


@message.command("show")
@click.argument("message_id", metavar="MESSAGE")
@verb
async def show(as_json: bool, home: Path | None, message_id: str) -> None:
    """One MESSAGE with what it says."""
    from xstock_node.services.messaging import MessageRef

    async with open_session(home) as session:
        emit(await session.call("message.show", MessageRef(id=message_id)), as_json, _shown)


@message.command("export")
@click.argument("about")
@click.option("--format", "format_", required=True, help="Name of a format, such as edxl-rm.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@verb
async def export(as_json: bool, home: Path | None, about: str, format_: str, out: Path) -> None:
    """Write ABOUT (an operation, a request, a message or a foreign chain) as messages of a format, a file each."""
    from xstock_node.services.message_export import MessageExport

    async with open_session(home) as session:
        found = await session.call("message.export", MessageExport(about=about, format=format_))
    paths = _written(out, found.documents)
    told = {"format": found.format, "files": [str(path) for path in paths], "left_out": found.left_out}
    emit(told, as_json, lambda t: "\n".join([*t["files"], *_left_out(found.left_out), _count(len(paths))]))


def _written(folder: Path, documents: Any) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / Path(one.name).name for one in documents]
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise Refusal("is-there", "a folder without these files", there[0], "choose another folder", 1)
    for path, one in zip(paths, documents, strict=True):
        path.write_bytes(one.content)
    return paths


def _count(number: int) -> str:
    return words("message.written", "{n} messages", n=number)


def _left_out(ids: list[str]) -> list[str]:
    text = "left out, as nobody knows its sender: {id}"
    return [words("message.left-out", text, id=id_) for id_ in ids]


def _content(file: Path) -> bytes:
    from xstock_node.protocol.limits import MESSAGE

    try:
        with file.open("rb") as opened:
            content = opened.read(MESSAGE + 1)
    except OSError as error:
        expected, came = f"a file that can be read at {file}", error.strerror or ""
        raise Refusal("no-file", expected, came, "check the path", 2) from None
    if len(content) > MESSAGE:
        raise Refusal("too-large", f"a message of at most {MESSAGE} bytes", f"{file}, which is larger", "split it")
    return content


def _taken(result: Any) -> list[str]:
    lines = []
    for one in result.messages:
        state = one.state if one.new else words("message.known", "known already")
        draft = words("message.draft", "; see `xstock request draft {id}`", id=one.draft) if one.draft else ""
        lines.append(clean(f"{one.id}  {one.kind} {one.foreign_id}: {state} {one.reason}".rstrip()) + draft)
    lines += [
        f"{one.id}  {one.kind} {one.identifier}: {one.became}" + (f" ({one.warning.state})" if one.warning else "")
        for one in result.alerts
    ]
    lines += [
        words("message.skipped", "left out ({reason}): {text}", reason=s.reason, text=s.text) for s in result.skipped
    ]
    return lines + [words("message.flag", "mind: {flag}", flag=flag) for flag in result.flags]


def _shown(view: Any) -> str:
    said = view.message
    facts = [
        ("message", view.id),
        ("foreign id", view.foreign_id),
        ("format", view.format),
        ("kind", view.kind),
        ("status", view.status),
        ("from", view.sender),
        ("sent", view.sent),
        ("state", f"{view.state} {view.reason}".strip()),
        ("draft", view.draft),
        ("event", ", ".join(said.incidents)),
        ("contact", ", ".join(c.description for c in said.contacts)),
        ("note", said.note),
    ]
    rows = [(r.id, r.item, r.name, "" if r.quantity is None else r.quantity, r.unit, r.condition) for r in said.lines]
    return "\n\n".join(
        [pairs([(k, v) for k, v in facts if v]), table(("line", "item", "name", "quantity", "unit", "state"), rows)]
    )
