"""What the node says of itself in refusals, findings, settings and routes, as templates: `{0}` stands for what differs.

`xstock_node/locale/told.txt` has one a line; `make i18n` writes it, the console knows a sentence again by it.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from xstock_node import config
from xstock_node.api.routes import ROUTES
from xstock_node.console.told import TOLD
from xstock_node.services.documents.library import customs_facts

ROOT: Final = Path(__file__).parent.parent / "xstock_node"
CALLS: Final = {
    "Refusal": ("code", "expected", "came", "do"),
    "Finding": ("check", "state", "found", "do"),
    "PluginStatus": ("name", "distribution", "version", "state", "reason", "do"),
    "SourceView": (),
    "_replace": (),
}
"""What is called with such words, and its arguments by place."""
SAYS: Final = frozenset({"expected", "came", "do", "check", "found", "reason", "why"})
ODD: Final = ("\n", "}{")
"""What no template may have: a sentence could not be known again by it."""
LEAST: Final = 3
"""Letters that a template has beside its holes; a shorter one would fit to everything."""


def told_texts() -> list[str]:
    """All templates, in order."""
    found = {text for path in ROOT.rglob("*.py") if "cli" not in path.parts for text in _of(path)}
    found |= {words for _, _, words, _ in config.explain()}
    found |= {route.summary for route in ROUTES}
    found |= {str(paper.source) for paper in customs_facts().papers if str(paper.source)[:1].islower()}
    return sorted(filter(_is_said, found))


def _is_said(text: str) -> bool:
    """Whether it is for people, and could be known again."""
    is_code = "_" in text and " " not in text
    return sum(map(str.isalpha, text)) >= LEAST and not is_code and not any(odd in text for odd in ODD)


def _of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            continue
        inner = list(ast.walk(function)) if not isinstance(function, ast.Module) else list(_top(function))
        known: dict[str, list[ast.expr]] = {}
        for node in inner:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    for name, value in _named(target, node.value):
                        known.setdefault(name, []).append(value)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                known.setdefault(node.target.id, []).append(node.value)
        says_why = not isinstance(function, ast.Module) and (ast.get_docstring(function) or "").startswith("Why ")
        for node in inner:
            if says_why and isinstance(node, ast.Return) and node.value is not None:
                yield from _texts(node.value, known)
            if isinstance(node, ast.Call):
                for argument in _arguments(node):
                    yield from _texts(argument, known)


def _top(module: ast.Module) -> Iterator[ast.AST]:
    for statement in module.body:
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from ast.walk(statement)


def _named(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, part in zip(target.elts, value.elts, strict=False):
            yield from _named(one, part)


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    names = CALLS.get(getattr(call.func, "id", getattr(call.func, "attr", "")))
    if names is None:
        return
    for name, value in (*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)):
        if name in SAYS:
            yield value


def _texts(value: ast.expr, known: dict[str, list[ast.expr]], deep: int = 0) -> Iterable[str]:
    if deep > 3:
        return []
    if isinstance(value, ast.Name):
        return [text for one in known.get(value.id, ()) for text in _texts(one, known, deep + 1)]
    if isinstance(value, ast.IfExp | ast.BoolOp):
        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else value.values
        return [text for one in parts for text in _texts(one, known, deep + 1)]
    whole = _template(value)
    return [whole] if whole is not None else []


def _template(value: ast.expr) -> str | None:
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        left, right = _template(value.left), _template(value.right)
        return None if left is None or right is None or "{0}" in left + right else left + right
    if not isinstance(value, ast.JoinedStr):
        return None
    parts, holes = "", 0
    for part in value.values:
        if isinstance(part, ast.Constant):
            parts += str(part.value)
        else:
            parts, holes = f"{parts}{{{holes}}}", holes + 1
    return parts


def is_current() -> bool:
    """Whether the templates that are kept are those of today."""
    return TOLD.read_text("utf-8").splitlines() == told_texts()


def write() -> None:
    """Keep the templates where the console finds them."""
    TOLD.write_text("".join(f"{text}\n" for text in told_texts()), "utf-8")
