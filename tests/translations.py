"""`make i18n`: extracts the texts of the console, brings the catalogues up to date, checks them, prints coverage.

A catalogue is `xstock_node/locale/LANG.po`. The state of a string stands in a comment of its translator:
`state: author` for an author's draft, `reviewed: WHO DATE` once somebody who speaks it has read it; without one it is
a machine's draft. Checked are placeholders, the number of plural forms, and texts that say nothing else than before.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from tests import told_texts
from xstock_node.console.languages import BY_CODE, LANGUAGES, Language
from xstock_node.console.told import TOLD
from xstock_node.domain.impact import COUNTERS
from xstock_node.domain.latin import to_latin
from xstock_node.domain.reasons import MESSAGES
from xstock_node.domain.step_fields import SENTENCES
from xstock_node.i18n import FOLDER

ROOT: Final = Path(__file__).parent.parent
CONSOLE: Final = ROOT / "xstock_node" / "console"
MADE_FROM: Final = {"sr-Latn": "sr-Cyrl"}
"""Catalogues that are made of another one; what somebody corrected in them stays."""
MADE: Final = "made of the other script"
"""The comment of a text that is made anew each time; who corrects it takes the comment away."""
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""What the head of a file says, so that a run that changes nothing changes no file."""
KEYWORDS: Final = {
    "mark": None, "text": (2,), "say": None, "plural": (1, 2), "ngettext": (1, 2), "_": None, "gettext": None,
}  # fmt: skip
SPOKEN: Final = {
    "xstock_node/domain/code_words.py": {"mark": None},
    "xstock_node/domain/unneeded.py": {"mark": None},
    "xstock_node/services/notices.py": {"mark": None, "say": (2,)},
    "xstock_node/services/handing_over.py": {"mark": None, "_say": (2,)},
}
"""Files outside the console that speak to people in their language."""
SAID: Final = re.compile(r"""\bw\.say\(["']([^"']+)["']""")
COUNTED: Final = re.compile(r"""\bw\.plural\("([^"]+)", "([^"]+)\"""")
HOLES: Final = re.compile(r"%\(\w+\)[sd]|\{\w*\}|`[^`]+`")
OPTIONS: Final = {"trim_blocks": "true", "lstrip_blocks": "true", "extensions": "jinja2.ext.i18n,jinja2.ext.do"}


class Covered(NamedTuple):
    """How much of a language is there: texts in all, translated, of those drafts of an author and reviewed ones."""

    language: str
    texts: int
    translated: int
    author: int
    reviewed: int


def extracted() -> Catalog:
    """Every text of the console, with where it stands."""
    found = Catalog(project="xstock-node", charset="utf-8")
    for path in sorted([*CONSOLE.rglob("*.py"), *CONSOLE.rglob("*.html")]):
        method = "jinja2.ext:babel_extract" if path.suffix == ".html" else "python"
        where = path.relative_to(ROOT).as_posix()
        options = OPTIONS if path.suffix == ".html" else {}
        for line, message, _, _ in extract_from_file(method, path, KEYWORDS, (), options):
            found.add(message, locations=[(where, line)])
        if path.suffix == ".html":
            text = path.read_text("utf-8")
            for said in SAID.findall(text):
                found.add(said, locations=[(where, 0)])
            for one, many in COUNTED.findall(text):
                found.add((one, many), locations=[(where, 0)])
    for path, keywords in SPOKEN.items():
        for line, message, _, _ in extract_from_file("python", ROOT / path, keywords, (), {}):
            found.add(message, locations=[(path, line)])
    for template in TOLD.read_text("utf-8").splitlines():
        found.add(template, locations=[("xstock_node/locale/told.txt", 0)])
    for counter in COUNTERS:
        found.add(counter.title, locations=[("xstock_node/domain/impact.py", 0)])
    for sentence in MESSAGES.values():
        found.add(sentence, locations=[("xstock_node/domain/reasons.py", 0)])
    for sentence in SENTENCES.values():
        found.add(sentence, locations=[("xstock_node/domain/step_fields.py", 0)])
    return found


def _latin(text: Any) -> Any:
    """A text in Latin letters, each form of a plural."""
    return tuple(map(to_latin, text)) if isinstance(text, tuple | list) else to_latin(text)


def path_of(language: Language) -> Path:
    """Where the catalogue of a language stands."""
    return FOLDER / f"{language.code}.po"


def read(language: Language) -> Catalog:
    """The catalogue of a language as it is kept; an empty one where none is."""
    path, locale = path_of(language), Locale.parse(language.locale)
    if not path.is_file():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def updated(language: Language, template: Catalog) -> Catalog:
    """The catalogue with the texts of today: a changed one loses its translation, one that is gone leaves."""
    held = read(language)
    source = read(BY_CODE[MADE_FROM[language.code]]) if language.code in MADE_FROM else None
    new = Catalog(
        locale=Locale.parse(language.locale),
        charset="utf-8",
        project="xstock-node",
        header_comment=f"# {language.name}: texts of the console. The state of a text stands in a comment above it.",
        msgid_bugs_address="SECURITY.md",
        creation_date=BEGAN,
        revision_date=BEGAN,
        last_translator="see the comments",
        language_team=language.code,
        fuzzy=False,
    )
    for message in sorted(texts(template), key=key):
        before = held.get(message.id)
        if source is not None and (before is None or not before.string or MADE in before.user_comments):
            made = source.get(message.id)
            new.add(message.id, _latin(made.string) if made else "", user_comments=[MADE] if made else [])
        elif before is not None and before.string:
            new.add(message.id, before.string, user_comments=before.user_comments)
        else:
            new.add(message.id)
    return new


def write(language: Language, catalogue: Catalog) -> None:
    """Keep a catalogue: sorted by text and without places, so that moving code changes nothing."""
    FOLDER.mkdir(exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, catalogue, width=110, no_location=True, omit_header=False, include_previous=False)


def faults(language: Language, catalogue: Catalog) -> Iterator[str]:
    """What is wrong with the translations of a language."""
    for message in texts(catalogue):
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if not any(forms):
            continue
        if isinstance(message.id, tuple | list) and len(forms) != catalogue.num_plurals:
            came = f"expected {catalogue.num_plurals} plural forms, came {len(forms)}"
            yield f"{language.code}: {key(message)!r}: {came}"
        wanted = set(HOLES.findall(key(message)))
        for form in forms:
            if (held := set(HOLES.findall(form))) != wanted:
                yield f"{language.code}: {key(message)!r}: expected {sorted(wanted)}, came {sorted(held)}: {form!r}"
            if form != form.strip() or ("\n" in form.strip() and "\n" not in key(message)):
                yield f"{language.code}: {key(message)!r}: blanks around it: {form!r}"


def covered(language: Language, catalogue: Catalog) -> Covered:
    """The coverage of a language."""
    found = texts(catalogue)
    done = [one for one in found if one.string and (not isinstance(one.string, tuple | list) or all(one.string))]
    author = sum(any(said.startswith("state: author") for said in one.user_comments) for one in done)
    reviewed = sum(any(said.startswith("reviewed:") for said in one.user_comments) for one in done)
    return Covered(language.code, len(found), len(done), author, reviewed)


def texts(catalogue: Catalog) -> list[Message]:
    """The texts of a catalogue, without its head."""
    return [message for message in catalogue if message.id]


def key(message: Message) -> str:
    """The source string of a text, of a plural the first one."""
    return str(message.id[0] if isinstance(message.id, tuple | list) else message.id)


def main() -> int:
    """Bring up to date, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where something is out of date")
    options = parser.parse_args()
    wrong, stale = [], [] if told_texts.is_current() else [told_texts.TOLD.name]
    if not options.check:
        told_texts.write()
    template = extracted()
    for language in LANGUAGES:
        if language.code == "en":
            continue
        catalogue = updated(language, template)
        wrong += faults(language, catalogue)
        if {key(one) for one in texts(read(language))} != {key(one) for one in texts(catalogue)}:
            stale.append(language.code)
        if not options.check:
            write(language, catalogue)
        found = covered(language, catalogue)
        print(
            f"{found.language:8} {found.translated:5} of {found.texts} translated"
            f" ({100 * found.translated // max(found.texts, 1)} %), author's drafts {found.author},"
            f" reviewed {found.reviewed}"
        )
    print("\n".join(wrong), file=sys.stderr)
    if options.check and stale:
        print(f"out of date, type `make i18n`: {', '.join(stale)}", file=sys.stderr)
    return 1 if wrong or (options.check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
