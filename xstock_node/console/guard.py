"""What a browser must show before a page is served, and what every answer forbids it.

- the Host is one of the console's own names (no rebinding); what changes something comes from the console's own pages;
- no frame, no foreign script, style, form target or base; nothing of a page is told to other sites.
"""

from typing import Final

from multidict import CIMultiDictProxy

from xstock_node.console.visit import Site

POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "private, no-cache",
}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})


def site_of(headers: CIMultiDictProxy[str], url: str, tls: bool) -> Site | None:
    """Where the console is seen from by this request; None for a Host that is not the console's.

    `url` is the address of `console.url`, which people reach through TLS of a proxy or of the console's own port.
    """
    host = headers.get("Host", "")
    name = host.rpartition(":")[0] if ":" in host else host
    scheme, _, rest = url.partition("://")
    if url and host == rest.rstrip("/"):
        return Site(origin=f"{scheme}://{host}", host=name, secure=scheme == "https", local=False)
    if name in LOOPBACK:
        return Site(origin=f"{'https' if tls else 'http'}://{host}", host=name, secure=tls, local=True)
    return None


def foreign(headers: CIMultiDictProxy[str], site: Site) -> str:
    """Why a request that changes something is not from the console's own pages; empty where it is.

    Browsers say `Sec-Fetch-Site`; those that do not yet say an `Origin` with every form.
    """
    fetched = headers.get("Sec-Fetch-Site")
    if fetched is not None and fetched != "same-origin":
        return f"the form comes from another site ({fetched[:20]})"
    origin = headers.get("Origin")
    if origin is not None and origin != site.origin:
        return "the Origin is another site"
    if fetched is None and origin is None:
        return "the request says neither Origin nor Sec-Fetch-Site"
    return ""


def is_local_path(path: str) -> bool:
    """Whether a path leads to a page of this console and nowhere else."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
