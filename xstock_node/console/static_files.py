"""Our own style sheets and modules, and the assets that the build brought: read once, named by what is in them."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web

FOLDER: Final = Path(__file__).parent / "static"
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
FOR_EVER: Final = "public, max-age=31536000, immutable"


class _File(NamedTuple):
    content: bytes
    media_type: str
    tag: str


class Static:
    """The files of the folder by their path in it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            str(path.relative_to(folder).as_posix()): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def has(self, name: str) -> bool:
        """Whether a file is there; those of the build may not be."""
        return name in self._files

    def url(self, name: str) -> str:
        """Where a file is served, by what is in it, so that it may be kept for ever."""
        found = self._files.get(name)
        return f"/static/{name}?v={found.tag}" if found else f"/static/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A file, or 404."""
        found = self._files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        fresh = request.query.get("v") == found.tag
        headers = {
            "Cache-Control": FOR_EVER if fresh else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        response = web.Response(body=found.content, content_type=found.media_type, headers=headers)
        response.enable_compression()
        return response


def _read(path: Path) -> _File:
    content = path.read_bytes()
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(content, media_type, hashlib.sha256(content).hexdigest()[:12])
