"""What `xstock stock` tells: results as tables and sentences."""

from collections.abc import Sequence
from typing import Any

from xstock_node.cli.output import table, words
from xstock_node.plugins.adapters import FileReading, RejectedLine


def imported(result: Any) -> str:
    """What an import did, and what of the file was left out."""
    reading = result.reading
    if reading.error is not None:
        return "\n".join(_left_out(reading))
    return "\n".join(
        [
            words(
                "stock.stored",
                "{stored} lines stored: {added} new, {changed} changed, {removed} gone",
                stored=result.stored,
                added=result.added,
                changed=result.changed,
                removed=result.removed,
            ),
            *(
                [words("stock.to-match", "{count} lines wait for `xstock stock match`", count=result.to_match)]
                if result.to_match
                else []
            ),
            *_left_out(reading),
        ]
    )


def reading_table(reading: FileReading) -> str:
    """What a file says, line by line; of one that was refused, only what was left out."""
    if reading.error is not None:
        return "\n".join(_left_out(reading))
    rows = [
        (
            r.line or "",
            r.item_code or "",
            r.item_name or "",
            r.quantity,
            r.unit or "",
            r.location or "",
            r.lot or "",
            r.expiry or "",
            " ".join(r.flags),
        )
        for r in reading.rows
    ]
    headers = ("line", "code", "name", "quantity", "unit", "place", "lot", "expiry", "flags")
    return "\n".join(
        [table(headers, rows), words("stock.rows", "{count} rows", count=len(reading.rows)), *_left_out(reading)]
    )


def foreseen(result: Any) -> str:
    """What a file says, and what taking it would change."""
    told, would = reading_table(result.reading), result.foreseen
    if would is None:
        return told
    text = (
        "it would replace {stands} lines by {lines}: {added} new, {changed} changed, {removed} gone, {renamed} renamed"
    )
    counts = {name: getattr(would, name) for name in ("stands", "lines", "added", "changed", "removed", "renamed")}
    held = [
        words("stock.would-hold", "a person has to look: {why} {items}", why=one.why, items=", ".join(one.items))
        for one in would.held
    ]
    return "\n".join([told, words("stock.would", text, **counts), *held])


def foreseen_json(result: Any) -> dict[str, Any]:
    """All that a file says, and beside it what taking it would change."""
    reading = {name: getattr(result.reading, name) for name in result.reading.__struct_fields__}
    return reading | {"foreseen": result.foreseen}


def undoable(found: Any) -> str:
    """Imports that can be undone."""
    rows = [(one.source, one.kind, one.file, one.at, one.by, one.lines, one.before) for one in found]
    if not rows:
        return words("stock.no-undo", "no import can be undone")
    return table(("source", "kind", "file", "at", "by", "lines", "before"), rows)


def undone(result: Any) -> str:
    """What came back."""
    text = "{removed} lines gone, {lines} back; {mappings} matches of them gone"
    counts = {name: getattr(result, name) for name in ("removed", "lines", "mappings")}
    return words("stock.undone", text, **counts)


def drafts(found: Any) -> str:
    """Lists on their way in."""
    rows = [(one.id, one.file, one.kind, one.source, one.lines, one.by, one.at, one.until) for one in found]
    if not rows:
        return words("stock.no-drafts", "no list waits")
    return table(("id", "file", "kind", "source", "lines", "by", "at", "until"), rows)


def _rejected(lines: Sequence[RejectedLine]) -> list[str]:
    text = "line {line}: not taken ({reason}) {text}"
    return [words("stock.rejected", text, line=r.line or "?", reason=r.reason, text=r.text or "") for r in lines]


def _left_out(reading: FileReading) -> list[str]:
    lines = _rejected(reading.rejected)
    lines += [words("stock.ask", "please settle: {question}", question=question) for question in reading.must_ask]
    if reading.must_ask:
        lines.append(words("stock.answer", "answer with --column HEADER=FIELD, with --language, or in the list itself"))
    if reading.skipped_lines:
        skipped = ", ".join(map(str, reading.skipped_lines))
        lines.append(words("stock.skipped", "titles, totals and signatures left out: lines {lines}", lines=skipped))
    return lines


def proposal(result: Any) -> str:
    """What would be offered, and why each other line is not."""
    offers = [(o.code, o.name, o.quantity, o.unit, o.place, o.expiry or "", o.why) for o in result.offers]
    rest = [
        (n.rule, n.ref, n.name, (words("stock.partly", "partly: ") if n.partly else "") + n.why)
        for n in result.not_offered
    ]
    return "\n\n".join(
        [
            words("stock.offers", "{offers} offers from {lines} lines", offers=len(offers), lines=result.lines),
            table(("item", "name", "quantity", "unit", "place", "expiry", "release"), offers),
            words("stock.not-offered", "not offered: {count}", count=len(rest)),
            table(("rule", "line", "name", "why"), rest),
        ]
    )


def source_table(views: Any) -> str:
    """Where stock comes from."""
    rows = [(v.name, v.kind, v.state, v.age, v.lines, v.rejected, v.as_of, v.system, v.why, v.do) for v in views]
    headers = ("source", "kind", "state", "age", "lines", "rejected", "as of", "system", "why", "to do")
    return table(headers, rows)


def synced(result: Any) -> str:
    """What a reading of a system did, or why nothing was taken."""
    if result.state == "held":
        text = "nothing was taken: {why}; if {source} is right: `xstock stock sync {source} --accept-changes`"
        return "\n".join([words("stock.held", text, why=result.why, source=result.source), *_rejected(result.rejected)])
    text = "{stored} lines stored: {added} new, {changed} changed, {removed} gone, {rejections} rejected"
    counts = {k: getattr(result, k) for k in ("stored", "added", "changed", "removed", "rejections")}
    return "\n".join([words("stock.synced", text, **counts), *_rejected(result.rejected)])


def movement_table(found: Any) -> str:
    """What was written to systems."""
    rows = [(m.id, m.kind, m.case, m.source, m.state, m.reference, m.error) for m in found]
    return table(("movement", "kind", "operation", "source", "state", "reference", "error"), rows)


def line_table(views: Any) -> str:
    """Lines of own stock."""
    rows = [
        (
            v.ref,
            v.line.item_code or "",
            v.line.item_name or "",
            v.line.quantity,
            v.line.unit or "",
            v.line.location or "",
            v.line.lot or "",
            v.line.expiry or "",
            v.code or words("stock.not-matched", "not matched"),
        )
        for v in views
    ]
    return table(("ref", "code", "name", "quantity", "unit", "place", "lot", "expiry", "item"), rows)


def matches(views: Any) -> str:
    """Lines with their candidates of the catalogue."""
    lines = []
    for view in views:
        lines.append(f"{view.ref}  {view.local} {view.name} [{view.unit or 'no unit'}]  {view.state} {view.code}")
        lines += [f"    {c.score:3d}  {c.code}  {c.name}: {c.why}" for c in view.candidates]
    return "\n".join(lines) or words("stock.all-decided", "every line is decided")


def decided(result: Any) -> str:
    """How many lines were decided, and what was not done."""
    head = words(
        "stock.decided",
        "{confirmed} confirmed, {rejected} rejected",
        confirmed=result.confirmed,
        rejected=result.rejected,
    )
    return "\n".join([head, *result.not_done])


def level_table(views: Any) -> str:
    """The stock of each item against its minimum."""
    rows = [(v.item, v.on_hand, v.minimum, v.lacking, v.committed, v.shareable, v.unit) for v in views]
    return table(("item", "on hand", "minimum", "lacking", "committed", "shareable", "unit"), rows)
