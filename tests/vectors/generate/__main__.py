"""Writes protocol/vectors: `python -m tests.vectors.generate`."""

from tests.vectors.generate.everything import subjects
from tests.vectors.generate.form import FOLDER


def main() -> None:
    """Write every file and say how many cases it has."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for subject in subjects():
        (FOLDER / f"{subject.name}.json").write_text(subject.text(), "utf-8")
        print(f"{len(subject.cases):4} {subject.name}")


main()
