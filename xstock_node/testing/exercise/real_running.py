"""Running an exercise on real processes, from a file to the object that says how it went."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from xstock_node.services.errors import Refusal
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.real_checks import RealChecks
from xstock_node.testing.exercise.real_nodes import Nodes
from xstock_node.testing.exercise.real_play import RealPlay
from xstock_node.testing.exercise.running import OWN, ExerciseResult, got, result_of


async def run_real(file: Path | None, hear: Callable[[float, str], None]) -> ExerciseResult:
    """Play a file, or the own smaller exercise, on six processes; `hear` is told seconds and what happens.

    However it ends, no process and no folder is left. Raises Refusal `not-started` where a node does not start.
    """
    began = time.monotonic()
    data = await asyncio.to_thread((file or OWN).read_bytes)
    with tempfile.TemporaryDirectory(prefix="xstock-real-", ignore_cleanup_errors=True) as folder:
        nodes = Nodes(Path(folder), ExerciseFile(data))
        play = RealPlay(nodes, hear)
        try:
            await nodes.open()
            hear(time.monotonic() - began, f"{len(nodes.nodes)} nodes run")
            await play.run()
            checks = RealChecks(play)
            found = await checks.all()
        except Refusal as refused:  # its log goes with the folder: what it wrote last is in `came`
            do = "mend what it says, and begin again" if refused.code == "not-started" else refused.do
            raise Refusal(refused.code, refused.expected, refused.came, do, refused.exit_code) from None
        finally:
            await asyncio.shield(nodes.close())
    return result_of(play, checks, found, got(play, checks.sides), began, "s")
