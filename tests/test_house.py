"""Checked limits of the house: sizes of files and functions, no forgotten marks, no path of one machine."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = [*ROOT.glob("xstock_node/**/*.py"), *ROOT.glob("plugins/*/[!.]*/**/*.py")]
PROGRAM = [path for path in SOURCES if "tests" not in path.parts]


def function_lengths() -> dict[str, int]:
    """Lines of every function of the program."""
    found = {}
    for path in PROGRAM:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[f"{path.name}:{node.lineno} {node.name}"] = (node.end_lineno or 0) - node.lineno + 1
    return found


def test_no_file_is_longer_than_600_lines() -> None:
    long = {str(p): n for p in SOURCES if (n := p.read_text("utf-8").count("\n")) > 600}
    assert not long


def test_no_function_is_longer_than_120_lines_and_nine_in_ten_are_under_45() -> None:
    lengths = function_lengths()
    assert not {name: n for name, n in lengths.items() if n > 120}
    assert sum(n < 45 for n in lengths.values()) >= 0.9 * len(lengths)


def test_the_median_file_is_of_a_readable_size() -> None:
    sizes = sorted(n for p in PROGRAM if (n := p.read_text("utf-8").count("\n")) > 10)
    assert sizes[len(sizes) // 2] <= 230


def test_no_marks_of_unfinished_work_are_left() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error")
    left = [f"{p}: {m}" for p in SOURCES for m in marks if m in p.read_text("utf-8")]
    assert not left


def test_nothing_names_a_path_of_one_machine() -> None:
    named = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = [ROOT / name for name in listed.splitlines() if name != "LICENSE" and (ROOT / name).is_file()]
    left = []
    for path in tracked:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        left += [f"{path.relative_to(ROOT)}: {word}" for word in named if word in text]
    assert not left
