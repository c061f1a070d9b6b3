"""Run inside the trial machine under the settings of the node's unit: each library with native code does its work."""

import json
import tempfile
from pathlib import Path


async def _one() -> int:
    return 1


def main() -> None:
    """One JSON line of what each of them came to; whatever the unit forbids them ends it."""
    import argon2
    import highspy
    import numpy
    import psycopg
    import typst
    import uvloop
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from rapidfuzz import fuzz

    page = Path(tempfile.mkdtemp()) / "page.typ"
    page.write_text("= Waybill", "utf-8")
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.addVariable(lb=0, ub=4, obj=-1)
    solver.run()
    told = {
        "argon2": argon2.PasswordHasher().hash("word")[:9],
        "cryptography": len(Ed25519PrivateKey.generate().sign(b"x")),
        "highspy": solver.getInfo().objective_function_value,
        "numpy": float(numpy.ones(3).sum()),
        "psycopg": psycopg.pq.__impl__,
        "rapidfuzz": fuzz.ratio("tent", "tent"),
        "typst": typst.compile(str(page))[:4].decode(),
        "uvloop": uvloop.run(_one()),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
