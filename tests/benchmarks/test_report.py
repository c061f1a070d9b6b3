"""The table of the README is made of kept figures, and is that of the last run where there was one."""

from tests.benchmarks import report


def test_a_table_takes_the_place_of_the_last_one_and_the_first_gets_a_section() -> None:
    text = f"# Node\n\n{report.BEFORE}words\n"
    once = report.put(text, "| a |\n")
    assert once.index("## Figures") < once.index("| a |") < once.index(report.BEFORE)
    assert report.put(once, "| b |\n") == once.replace("| a |", "| b |")
    assert report.BEFORE in report.README.read_text("utf-8")


def test_a_row_without_its_benchmark_is_left_out() -> None:
    assert report.rows({}) == []
    assert report.rows({("memory", None): {"serve_resident_mb": 74.0}})[0][1] == "74.0 MB"


def test_the_readme_quotes_the_figures_that_are_kept() -> None:
    text, kept = report.README.read_text("utf-8"), report.KEPT.exists()
    assert (report.BEGIN in text) == kept
    if kept:
        found = report.read(report.KEPT.read_text("utf-8").splitlines())
        assert report.put(text, report.table(found)) == text, "type `make bench-report REPORT=`"
