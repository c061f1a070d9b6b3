"""One grid to draft lines: find the head, judge the rows, decide the columns' orders, read the lines."""

from dataclasses import dataclass
from decimal import Decimal

from xstock_node.plugins.adapters import ReadHints
from xstock_spreadsheet import words
from xstock_spreadsheet.cards import settle
from xstock_spreadsheet.columns import Head, find_head
from xstock_spreadsheet.dates import DateOrder, column_dates, language_order
from xstock_spreadsheet.drafts import Draft, Gathered, where
from xstock_spreadsheet.figures import Order, column_order, language_mark, whole_pieces
from xstock_spreadsheet.glued import splitter, unit_splitter
from xstock_spreadsheet.grid import Grid, Row
from xstock_spreadsheet.guess import guess_head
from xstock_spreadsheet.kits import Kits
from xstock_spreadsheet.language import languages
from xstock_spreadsheet.layout import Layout, lay_out
from xstock_spreadsheet.linereader import Context, LineReader, Orders, Rejected
from xstock_spreadsheet.quantities import measure
from xstock_spreadsheet.rowkinds import Judged, Kind, counts, judge, sums_up
from xstock_spreadsheet.titles import as_of, heading_place, warehouse

_COUNTS = ("quantity", "reserved", "damaged", "incoming", "available", "pack_factor")
SAY_DAYS = "say --language, such as en-GB (day first) or en-US (month first)"
SAY_FIGURES = "say --language, that of the list, such as en (1,200.5) or de (1.200,5)"
_SHOWN_TEXT = 160
_FIGURED = (Kind.ITEM, Kind.TOTAL)


@dataclass(slots=True)
class Found:
    """A grid in which a table begins."""

    grid: Grid
    layout: Layout
    guessed: bool = False


def find_table(grid: Grid, hints: ReadHints) -> Found | None:
    """Where the table of `grid` begins; a head guessed from the contents when no words name it."""
    layout = _first_table(grid, hints.columns)
    if layout:
        return Found(grid, layout)
    guessed = guess_head(grid)
    layout = lay_out(guessed, grid.rows, {}) if guessed else None
    return Found(grid, layout, guessed=True) if layout else None


def _first_table(grid: Grid, told: dict[str, str]) -> Layout | None:
    """The layout under the best head; a head before it is the first of several tables where stock stands between."""
    head = find_head(grid, told)
    found = lay_out(head, grid.rows[head.last + 1 :], told) if head else None
    while found and found.head.first > 1:
        before = Grid(grid.name, grid.rows[: found.head.first], merges=grid.merges)
        head = find_head(before, told)
        earlier = lay_out(head, before.rows[head.last + 1 :], told) if head else None
        if earlier is None or not any(counts(row, earlier) for row in before.rows[earlier.head.last + 1 :]):
            break
        found = earlier
    return found


def read_table(found: Found, hints: ReadHints, gathered: Gathered, place: str | None) -> list[Draft]:
    """The drafts of one grid; everything else that it says goes into `gathered`."""
    grid, layout = found.grid, found.layout
    _fill_merged(grid, layout.head)
    above = grid.rows[: layout.head.first] if not found.guessed else []
    _skip_head(grid, layout, above, gathered, found.guessed)
    rows = judge(grid, layout, hints.columns)
    below = [judged.row for judged in rows if judged.kind is Kind.SKIPPED and not judged.row.blank]
    gathered.as_of = gathered.as_of or _date_of_list(
        layout.head, [[*above, *_heads(grid, layout)], below], hints, gathered
    )
    gathered.columns.update(layout.named())
    heads = [layout.head, *(judged.layout.head for judged in rows)]
    gathered.titles.update(dict.fromkeys(title for head in heads for title in head.titles))
    home = warehouse(above) or place
    context = Context(grid.name, location=_place_above(above, rows) or home)
    return _read_rows(rows, context, home, hints, gathered)


def _date_of_list(head: Head, parts: list[list[Row]], hints: ReadHints, gathered: Gathered) -> str | None:
    """The day of the list from the first of `parts` that says one; asked about where only a default decided it."""
    said, default = languages(head, hints)
    doubt = None
    for rows in parts:
        day, doubted = as_of(rows, language_order(said))
        if day:
            return day
        doubt = doubt or doubted
    if doubt and (order := language_order(default)):
        day = next((found for rows in parts if (found := as_of(rows, order)[0])), None)
        doubt = f"{doubt}; by the language {default}, which nobody said of this list, it is {day}" if day else doubt
    else:
        day = None
    if doubt:
        gathered.ask(f"{doubt}: {SAY_DAYS}")
    return day


def _place_above(above: list[Row], rows: list[Judged]) -> str | None:
    """The place that the line above the first table names, where further lines name the places of further tables."""
    if not above or not any(judged.kind is Kind.HEADING and heading_place(judged.text) for judged in rows):
        return None
    texts = [cell.text for cell in above[-1].cells if cell.text]
    return heading_place(texts[0]) if len(texts) == 1 else None


def _heads(grid: Grid, layout: Layout) -> list[Row]:
    return grid.rows[max(layout.head.first, 0) : layout.head.last + 1]


def _skip_head(grid: Grid, layout: Layout, above: list[Row], gathered: Gathered, guessed: bool) -> None:
    """Titles and headers are reported as skipped; a header that is simply the first line is not."""
    if guessed:
        return
    lines = [row.line for row in [*above, *_heads(grid, layout)] if row.line]
    if lines != [1]:
        gathered.skipped += range(1, lines[-1] + 1)
    for sentence in layout.asked:
        gathered.ask(sentence)


def _fill_merged(grid: Grid, head: Head) -> None:
    """A cell merged over several rows below the head holds for each of them."""
    if not grid.merges or head.last < 0:
        return
    last_line = grid.rows[head.last].line
    by_line = {row.line: row for row in grid.rows}
    for first, left, last, right in grid.merges:
        if first <= last_line or last == first or left != right or first not in by_line:
            continue
        source = by_line[first].cell(left)
        for line in range(first + 1, last + 1):
            row = by_line.get(line)
            if row and row.cell(left).blank and not source.blank and not row.blank:
                row.cells += [type(source)() for _ in range(left + 1 - len(row.cells))]
                row.cells[left] = source


def _orders(layout: Layout, rows: list[Judged], hints: ReadHints, gathered: Gathered, sheet: str | None) -> Orders:
    orders = Orders()
    counted = {layout.columns[name] for name in _COUNTS if name in layout.columns} | {
        *(p.quantity for p in layout.places),
        *layout.by_unit,
    }
    dated = {layout.columns["expiry"]} if "expiry" in layout.columns else set()
    if layout.is_card:
        counted |= {*layout.came_in, *layout.went_out}
        dated |= {layout.day} if layout.day is not None else set()
    for place in layout.places:
        counted |= {at for name, at in place.others.items() if name in _COUNTS}
        dated |= {at for name, at in place.others.items() if name == "expiry"}
    said, default = languages(layout.head, hints)
    placed = [place.quantity for place in layout.places]
    for at in counted:
        together = placed if at in placed else [at]  # the places of a pivot are one column of figures
        cells = [judged.row.cell(one) for judged in rows for one in together]
        order = column_order(
            [c.text for c in cells if c.text and c.number is None and c.day is None], language_mark(said)
        )
        whole = not order.mixed and layout.scale_of(at) == 1
        if order.decimal is None and whole and (proved := whole_pieces(_of_pieces(layout, rows, at))):
            order = Order(proved)
        elif order.decimal is None and not order.mixed and (mark := language_mark(default)):
            order = Order(mark)
            orders.by_default[at] = default or ""
        orders.figures[at] = order
    for at in dated:
        cells = [j.row.cell(at) for j in rows]
        days = column_dates([c.text for c in cells if c.text and c.day is None], language_order(said))
        if days.first is None and not days.mixed and (first := language_order(default)):
            days = DateOrder(first)
            orders.by_default[at] = default or ""
        orders.dates[at] = days
    return orders


def _of_pieces(layout: Layout, rows: list[Judged], at: int) -> list[str]:
    """The figures of a column in the lines whose unit is counted, not measured."""
    unit = layout.columns.get("unit")
    texts = []
    for judged in rows:
        stated = measure(judged.row.cell(unit).text) if unit is not None else None
        word = stated.word if stated else layout.unit_of(at)
        if word and word not in ("kg", "t", "m", "l"):
            texts.append(judged.row.cell(at).text)
    return texts


def _read_rows(
    rows: list[Judged], context: Context, home: str | None, hints: ReadHints, gathered: Gathered
) -> list[Draft]:
    drafts: list[Draft] = []
    readers: dict[int, LineReader] = {}
    running = Decimal(0)
    kits = Kits()
    for judged in rows:
        row, layout = judged.row, judged.layout
        if id(layout) not in readers:
            own = [other for other in rows if other.layout is layout and other.kind in _FIGURED]
            readers[id(layout)] = LineReader(layout, _orders(layout, own, hints, gathered, context.sheet), gathered)
            _look_at_names(readers[id(layout)], [other.row for other in own if other.kind is Kind.ITEM])
        reader = readers[id(layout)]
        if judged.kind is Kind.PROBLEM:
            gathered.reject(row.line, row.problem or "unreadable", context.sheet)
        elif judged.kind is Kind.ITEM:
            if kits.takes(judged, drafts[-1] if drafts else None, reader):
                continue
            read = _read_item(judged, reader, context, gathered, running, drafts)
            running += sum((draft.quantity for draft in read), Decimal(0))
            drafts += read
            context.before = row
            kits.after(judged, bool(read))
        elif judged.kind in (Kind.HEADING, Kind.SKIPPED) and kits.takes_text(
            judged, drafts[-1] if drafts else None, below=judged.kind is Kind.HEADING
        ):
            continue
        elif judged.kind is Kind.OPENS_KIT:
            kits.open(judged, drafts[-1] if drafts else None)
            gathered.skipped.append(row.line)
        else:
            gathered.skipped.append(row.line)
            kits.close(row.blank)
            if judged.kind is Kind.HEADING:
                _enter(context, judged.text, home, layout)
            elif judged.kind is Kind.TOTAL:
                context.category, context.status, running = None, None, Decimal(0)
    for reader in readers.values():
        _ask_of_columns(reader, context.sheet, gathered)
    return settle(drafts, gathered) if any(reader.layout.is_card for reader in readers.values()) else drafts


def _look_at_names(reader: LineReader, rows: list[Row]) -> None:
    """Where a list has no column of codes or of units, the names may hold them."""
    columns = reader.layout.columns
    if "item_name" not in columns:
        return
    names = [row.cell(columns["item_name"]).text for row in rows]
    if "unit" not in columns and not any(map(reader.layout.unit_of, reader.layout.quantity_columns())):
        reader.split_unit = unit_splitter(names)
        names = [reader.split_unit(name)[0] for name in names]
    if "item_code" not in columns:
        reader.split = splitter(names)


def _enter(context: Context, text: str, home: str | None, layout: Layout) -> None:
    """What a heading changes for the lines below it: place, status or category."""
    place = heading_place(text) if (not layout.locations or layout.within) and not layout.places else None
    if place:
        context.location, context.category = (f"{home}/{place}" if home else place), None
    elif words.is_phrase(text, "statuses"):
        context.status, context.category = text, None
    else:
        context.category, context.status = text, None


def _read_item(
    judged: Judged, reader: LineReader, context: Context, gathered: Gathered, running: Decimal, drafts: list[Draft]
) -> list[Draft]:
    row, layout = judged.row, judged.layout
    if any(not cell.blank for cell in row.cells[len(layout.head.titles) :]) and context.sheet is None:
        gathered.reject(row.line, "too_many_columns", context.sheet, _public(judged))
        return []
    try:
        return reader.read(row, context)
    except Rejected as wrong:
        if wrong.reason == "no_item" and _nameless_sum(judged, running, drafts):
            gathered.skipped.append(row.line)
        else:
            titles = layout.head.titles
            named, cell = (titles[wrong.at], row.cell(wrong.at).text) if 0 <= wrong.at < len(titles) else ("", "")
            gathered.reject(row.line, wrong.reason, context.sheet, _public(judged), named, cell)
    return []


def _nameless_sum(judged: Judged, running: Decimal, drafts: list[Draft]) -> bool:
    cell = judged.row.cell(judged.layout.quantity_columns()[0])
    try:
        figure = cell.number if cell.number is not None else Decimal(cell.text.replace(" ", "").replace(",", "."))
    except ArithmeticError:
        return False
    return sums_up(figure, running, sum((draft.quantity for draft in drafts), Decimal(0)))


def _public(judged: Judged) -> str | None:
    """What a rejected line says in the columns of fields; never a personal or unknown column."""
    layout = judged.layout
    kept = {*layout.columns.values(), *layout.locations, *layout.quantity_columns()}
    texts = [cell.text for at, cell in enumerate(judged.row.cells) if at in kept and cell.text]
    return " | ".join(texts)[:_SHOWN_TEXT] or None


def _ask_of_columns(reader: LineReader, sheet: str | None, gathered: Gathered) -> None:
    titles = reader.layout.head.titles
    for at, lines in reader.two_ways.items():
        kind, say = (
            ("day and month", SAY_DAYS) if at in reader.orders.dates else ("thousands and decimals", SAY_FIGURES)
        )
        gathered.ask(f"column {titles[at]}: which are {kind}; nothing in it says ({where(sheet, lines)}): {say}")
    for at, (lines, text, read) in reader.by_default.items():
        say = SAY_DAYS if at in reader.orders.dates else SAY_FIGURES
        gathered.ask(
            f"column {titles[at]}: {text} is read as {read} by the language {reader.orders.by_default[at]}, "
            f"which nobody said of this list ({where(sheet, lines)}): {say}"
        )
    for at, lines in reader.unreckoned.items():
        gathered.ask(f"column {titles[at]}: an error or a formula without value stands in it ({where(sheet, lines)})")
    for at, lines in reader.below_zero.items():
        gathered.ask(f"column {titles[at]}: what figures below zero mean; none is added ({where(sheet, lines)})")
    if reader.struck:
        gathered.ask(f"lines with cells struck through are read: are they stock? ({where(sheet, reader.struck)})")
    for unit, lines in reader.unknown_units.items():
        gathered.ask(f"unit {unit} is not known ({where(sheet, lines)})")
