"""Small pages for tests, served from memory by a thread."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript", "css": "text/css", "json": "application/json"}
STRICT = {"Content-Security-Policy": "default-src 'self'"}


@contextmanager
def served(pages: Mapping[str, str | bytes], headers: Mapping[str, str] = STRICT) -> Iterator[str]:
    """Serve the pages by path; yields the base address, whose name a passkey can be bound to."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0])
            kind = self.path.partition("?")[0].rpartition(".")[2]
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", TYPES.get(kind, TYPES["html"]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode() if isinstance(body, str) else body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is written to the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
