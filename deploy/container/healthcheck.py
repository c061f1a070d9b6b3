"""Whether the node of this container answers: asked over the socket in its data folder: no port is needed."""

import http.client
import os
import socket
import sys


class Line(http.client.HTTPConnection):
    """HTTP over the node's UNIX socket."""

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.path.join(os.environ.get("XSTOCK_HOME", "/data"), "api.sock"))  # noqa: PTH118 - no import


def main() -> int:
    """0 where it answers as well."""
    line = Line("localhost", timeout=8)
    try:
        line.request("GET", "/readyz")
        answer = line.getresponse()
    except (OSError, http.client.HTTPException) as error:
        print(f"expected an answer of the node; came {error}", file=sys.stderr)
        return 1
    print(answer.read(400).decode("utf-8", "replace"))
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
