"""The exercise of `xstock demo`: which data it plays, and playing it to its third hour."""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from xstock_node.cli.federation import DemoNode, own_data, own_nodes, ports_for
from xstock_node.cli.output import only_our_stdout, say
from xstock_node.domain.rights import CONFIRMED_BY_A_SECOND, Role
from xstock_node.services.duty_desk import RosterFile
from xstock_node.services.errors import Refusal
from xstock_node.services.links import LinkRequest
from xstock_node.services.people import PersonRequest
from xstock_node.testing.exercise.third_hour import HOUR, ThirdHour, read_third_hour
from xstock_node.testing.exercise.third_hour_play import ThirdHourPlay

SHARED = "XSTOCK_SHARED"
FLOOD = ("data", "exercise-flood.json")
OWN = "own"
BESIDE = Path(__file__).parent.parent.parent.parent / "shared"
PERSON, LOOKED_AT = "demo", "RS"
ROSTER = """zone = "Europe/Belgrade"
[[duty]]
person = "demo"
role = "duty-officer"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
begins = "00:00"
ends = "24:00"
"""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What was played: the exercise, its hour, and how far its people are."""

    title: str
    hour: float
    warnings: int
    requests: int
    offers: int
    binding: int
    under_way: int


class Staged(NamedTuple):
    """Nodes that are not made yet, and what will be played on them."""

    nodes: list[DemoNode]
    story: ThirdHour


def data_file(chosen: str) -> Path | None:
    """The exercise file to play: the chosen one, else that of the folder of shared data; None for our own data.

    Raises Refusal `no-file` for a chosen one that is not there.
    """
    if chosen == OWN:
        return None
    if chosen:
        file = Path(chosen)
        if not file.is_file():
            raise Refusal("no-file", f"an exercise file at {file}", "none", f"check the path, or write {OWN}", 2)
        return file
    shared = os.environ.get(SHARED)
    file = (Path(shared) if shared else BESIDE).joinpath(*FLOOD)
    return file if file.is_file() else None


def staged(folder: Path, file: Path | None, now: int) -> Staged:
    """The nodes and the story of a file; of our own data where it is None. Raises Refusal `bad-file`."""
    if file is None:
        story = read_third_hour((own_data() / "flood.toml").read_bytes())
        return Staged(own_nodes(folder, ports_for(6)), story)
    from xstock_node.cli.demo_flood import flood_nodes
    from xstock_node.testing.exercise.reading import ExerciseFile
    from xstock_node.testing.exercise.third_hour_flood import third_hour_of

    try:
        with only_our_stdout(keep=False):
            exercise = ExerciseFile(file.read_bytes())
            story = third_hour_of(exercise)
        ports = ports_for(len(exercise.raw["nodes"]))
        return Staged(flood_nodes(folder, exercise, ports, datetime.fromtimestamp(now, UTC).date()), story)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        came = f"{type(error).__name__}: {error}"
        raise Refusal("bad-file", "an exercise file such as exercise-flood.json", came, f"or --data {OWN}", 2) from None


async def play(found: Staged, given: Sequence[dict[str, Decimal]], now: int) -> Played:
    """Play the story; `given` is what each node has released, by item."""
    desks = {node.country: node for node in found.nodes}
    released = {node.country: items for node, items in zip(found.nodes, given, strict=True)}
    playing = ThirdHourPlay(found.story, desks, released, now)
    say("demo.exercise", "EXERCISE {title}: hour {hour:g}", title=found.story.title, hour=HOUR)
    warned = await playing.warn()
    say("demo.warned", "  {count} public warnings taken in", count=warned)
    asked = await playing.ask()
    say("demo.asked", "  {count} requests signed and sent", count=asked)
    offers = await playing.answer()
    for words in playing.short:
        say("demo.short", "  {words}", words=words)
    shown = Played(
        title=found.story.title,
        hour=HOUR,
        warnings=warned,
        requests=asked,
        offers=offers,
        binding=playing.count("accepted", "under-way"),
        under_way=playing.count("under-way"),
    )
    say(
        "demo.answered",
        "  {offers} offers made, {binding} of them accepted, {moving} under way",
        offers=offers,
        binding=shown.binding,
        moving=shown.under_way,
    )
    return shown


async def hire(node: DemoNode) -> str:
    """A person with every role, who has duty now; the one-time address at which they come into the console."""
    # Who has to be agreed to by an approver comes before there is one.
    roles = sorted(Role, key=lambda role: (role is Role.APPROVER, role not in CONFIRMED_BY_A_SECOND))
    for n, role in enumerate(roles):
        if role is not Role.NIGHT_DEPUTY:
            await node.session.call("user.role" if n else "user.add", PersonRequest(name=PERSON, role=role))
    await node.session.call("duty.set", RosterFile(content=ROSTER))
    link = await node.session.call("user.link", LinkRequest(name=PERSON))
    return f"{node.address}/sign-in/code?code={link.code}"


async def open_browser(address: str) -> bool:
    """Show the address in the browser of whoever sits here; whether there was one."""
    import webbrowser

    return await asyncio.to_thread(webbrowser.open, address)
