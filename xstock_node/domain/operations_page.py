"""The table of operations as a page: a diagram of the states (Mermaid) and a row for each step."""

from collections.abc import Iterable

from xstock_node.domain.operations import ENDED, PARENTS, STEPS, State, Step

HEAD = """# The operation, step by step

Made from the table in `xstock_node/domain/operations.py` by `python -m tests.vectors.schemas`; SPEC.md 16.21 refers to
it. R is the requester, S the supplier. A *decision* of S makes what is decided; a *proposal* of R waits for one; a
*fact* of either side is never refused by the protocol, and gives one of the finer states: {finer}.
"""


def page() -> str:
    """The whole page as Markdown."""
    finer = ", ".join(f"{state} under {parent}" for state, parent in sorted(PARENTS.items()))
    rows = "\n".join(_row(step) for step in STEPS)
    return f"{HEAD.format(finer=finer)}\n{diagram()}\n{_COLUMNS}\n{rows}\n"


_COLUMNS = """
| step | kind | who | from | leads to | answers | reduces | right | papers |
|---|---|---|---|---|---|---|---|---|"""


def diagram() -> str:
    """The states and the steps that lead from one to another, as a Mermaid state diagram."""
    arrows = sorted(f"    {_id(a)} --> {_id(b)}: {', '.join(sorted(verbs))}" for (a, b), verbs in _arrows().items())
    starts = [f"    [*] --> {_id(s.leads_to)}: {s.verb}" for s in STEPS if s.kind == "opening" and s.leads_to]
    ends = [f"    {_id(state)} --> [*]" for state in sorted(ENDED)]
    return "\n".join(["```mermaid", "stateDiagram-v2", *starts, *arrows, *ends, "```"])


def _arrows() -> dict[tuple[State, State], set[str]]:
    found: dict[tuple[State, State], set[str]] = {}
    for step in STEPS:
        for state in step.states:
            to = step.after(state)
            if to is not None and to is not state:
                found.setdefault((state, to), set()).add(step.verb)
    return found


def _row(step: Step) -> str:
    who = {"requester": "R", "supplier": "S", None: "either"}[step.side]
    to = step.leads_to or "the same"
    cells: Iterable[str] = (
        f"`{step.verb}`",
        step.kind,
        who,
        ", ".join(sorted(step.states)) or "nothing",
        to if not step.stays & step.states else f"{to} (not from {', '.join(sorted(step.stays & step.states))})",
        ", ".join(f"`{verb}`" for verb in sorted(step.answers)),
        "yes" if step.reduces else "",
        step.right,
        ", ".join(step.papers),
    )
    return f"| {' | '.join(cells)} |"


def _id(state: State) -> str:
    return state.replace("-", "_")
