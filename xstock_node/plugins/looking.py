"""A look at a plugin whose manifest does not say what it registers."""

import subprocess

from xstock_node.plugins import frames
from xstock_node.plugins.family import end
from xstock_node.plugins.frames import Begin, Ready
from xstock_node.plugins.sandbox import Start
from xstock_node.protocol import limits


def look(how: Start, begin: Begin) -> Ready:
    """Load a plugin in a process that ends at once, and wait for it: what it registered, or why it did not."""
    with subprocess.Popen(
        how.command,
        env=dict(how.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(frames.write(begin), limits.PLUGIN_START)
        except subprocess.TimeoutExpired:
            return Ready(error=f"it did not load within {limits.PLUGIN_START:.0f} s")
        finally:
            end(process.pid)
    try:
        ready = frames.first_up(said)
    except ValueError:
        return Ready(error=f"its process ended with {process.returncode} while it was loaded")
    return ready if isinstance(ready, Ready) else Ready(error="it said something before it was ready")
