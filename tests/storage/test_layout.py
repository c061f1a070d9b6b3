"""Types are laid out by one thread before others share them: without it a node ends, and its log says nothing."""

import subprocess
import sys
from pathlib import Path

import msgspec

from xstock_node.domain.steps import BODIES
from xstock_node.services.approving import Pending
from xstock_node.storage.layout import is_laid_out
from xstock_node.storage.sqlite import SqliteEngine

RACE = """
import sys, threading
import msgspec
from xstock_node.storage.layout import lay_out_types
sys.setswitchinterval(1e-6)
for turn in range(60):
    inner, types = int, []
    for depth in range(12):
        fields = [(f"f{n}", tuple[inner, ...] | None, None) for n in range(8)]
        inner = msgspec.defstruct(f"T{turn}x{depth}", fields)
        types.append(inner)
    if "laid out" in sys.argv:
        lay_out_types()
    together = threading.Barrier(4)
    def work(type_=inner):
        together.wait()
        msgspec.convert({"f0": [{"f1": [{"f2": []}]}]}, type_)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_decode_a_type_for_the_first_time_at_once_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", RACE, "laid out"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_an_engine_with_threads_lays_out_every_type_that_is_loaded(tmp_path: Path) -> None:
    class Late(msgspec.Struct):
        """Loaded after everything else."""

        count: int

    assert not is_laid_out(Late)
    engine = SqliteEngine(tmp_path / "node.db")
    await engine.close()
    assert all(map(is_laid_out, (Late, Pending, *BODIES.values())))
