"""A verb at another time: `python at.py SECONDS VERB …` with the clock so many seconds off, in whichever version."""

import sys
import time

shift, sys.argv = float(sys.argv[1]), ["xstock", *sys.argv[2:]]
_real = time.time
time.time = lambda: _real() + shift

from xstock_node.cli.main import run  # noqa: E402 - the clock is set before anything reads it

run()
