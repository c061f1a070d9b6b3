"""`python -m xstock_node` is `xstock`."""

from xstock_node.cli.main import run

run()
