"""Print the packages of the group `dev` of pyproject.toml, one a line (older pips know no groups)."""

import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
print("\n".join(project["dependency-groups"]["dev"]))
