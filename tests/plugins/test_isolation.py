"""A reader of foreign files runs in a child process: whatever it does, the node gets a reading that says so."""

import resource
import textwrap
from pathlib import Path

import pytest

from tests.plugins.conftest import Bench, Write
from xstock_node.plugins import FileReading, ReadHints
from xstock_node.plugins import isolation as under_test
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits

HINTS = ReadHints(today="2026-11-15")
HEAD = """
    from xstock_node.plugins import FileReading, hookimpl

    class Reader:
        name = "naughty"
        suffixes = (".x",)
        def read(self, path, hints):
"""
MANIFEST = """
    api = 3
    may = ["read-stock"]
    [[adapter]]
    kind = "file-reader"
    name = "naughty"
    suffixes = [".x"]
"""
TAIL = """
    @hookimpl
    def xstock_register(registry):
        registry.file_reader(Reader())
"""


@pytest.fixture
def read(tmp_path: Path, write: Write, bench: Bench):  # type: ignore[no-untyped-def]
    """Write a plugin whose reader has the given body, and read a file with it."""
    (tmp_path / "file.x").write_bytes(b"content")

    async def run(body: str) -> FileReading:
        source = textwrap.dedent(HEAD) + textwrap.indent(textwrap.dedent(body), " " * 8) + textwrap.dedent(TAIL)
        host = bench.host(write(source, MANIFEST))
        return await under_test.read_file(host, tmp_path / "file.x", HINTS)

    return run


async def test_what_the_reader_returns_comes_back_under_the_file_s_own_name(read) -> None:  # type: ignore[no-untyped-def]
    reading = await read("return FileReading(file='other', skipped_lines=[1, 2])")
    assert (reading.file, reading.skipped_lines, reading.error) == ("file.x", [1, 2], None)


async def test_what_it_prints_does_not_spoil_the_answer(read) -> None:  # type: ignore[no-untyped-def]
    reading = await read("print('hello'); return FileReading(file='x', must_ask=['one'])")
    assert reading.must_ask == ["one"]


@pytest.mark.parametrize(
    "body",
    [
        "raise RuntimeError('boom')",
        "import os; os._exit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "return 'not a reading'",
        "x = bytearray(4 * 1024 ** 3); return FileReading(file='x')",
        "open(str(path) + '.copy', 'wb', 0).write(b'x' * 10); return FileReading(file='x')",
    ],
)
async def test_a_reader_that_misbehaves_ends_in_a_refused_reading(read, body: str) -> None:  # type: ignore[no-untyped-def]
    reading = await read(body)
    assert reading.error == "reader_failed" and reading.rows == []
    assert reading.error_text and "expected" in reading.error_text


async def test_a_reader_that_hangs_is_killed(read, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(limits, "READER_SECONDS", 1)
    reading = await read("while True: pass")
    assert reading.error == "reader_failed"


@pytest.mark.parametrize("stream", ["3", "2"])
async def test_a_reader_that_writes_without_end_is_killed_before_it_fills_the_memory(  # type: ignore[no-untyped-def]
    read, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "READER_OUTPUT", 1024 * 1024)
    monkeypatch.setattr(limits, "READER_SECONDS", 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = await read(f"""
        import os
        out = {stream}
        while True:
            os.write(out, b"x" * 65536)
    """)
    assert reading.error == "reader_failed"
    if stream == "3":
        assert "more than 1048576 bytes" in (reading.error_text or "")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_unknown_suffixes_folders_and_missing_files_are_refused_with_what_to_do(tmp_path: Path) -> None:
    host = PluginHost([])
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    assert (await under_test.read_file(host, tmp_path / "a.pdf", HINTS)).error == "unknown_format"
    assert (await under_test.read_file(host, tmp_path, HINTS)).error == "unreadable_file"
    missing = await under_test.read_file(host, tmp_path / "none.csv", HINTS)
    assert missing.error == "unreadable_file" and "check the path" in (missing.error_text or "")
