"""What a plugin registered, by kind and name."""

from collections.abc import Iterator, Mapping
from typing import Any

from xstock_node.plugins.calls import Defect
from xstock_node.plugins.frames import Found
from xstock_node.plugins.hookspecs import Registry
from xstock_node.plugins.manifest import Manifest


def by_kind(registry: Registry) -> dict[str, Mapping[str, Any]]:
    """The adapters of each kind."""
    return {
        "file-reader": registry.file_readers,
        "inventory-source": registry.sources,
        "inventory-writer": registry.writers,
        "notifier": registry.notifiers,
        "route": registry.routes,
        "page": registry.pages,
        "message-format": registry.formats,
        "alert-source": registry.alert_sources,
        "form": registry.forms,
        "message-carrier": registry.carriers,
        "identity-provider": registry.identity_providers,
    }


def adapter_of(registry: Registry, kind: str, name: str) -> Any:
    """One adapter; LookupError where it was not registered."""
    found = by_kind(registry).get(kind, {}).get(name)
    if found is None:
        raise LookupError(f"expected {kind} {name!r} to be registered; came none")
    return found


def found_in(registry: Registry) -> Iterator[Found]:
    """All adapters, described; TypeError for names and suffixes that are no text."""
    for kind, adapters in by_kind(registry).items():
        for name, adapter in adapters.items():
            suffixes = tuple(getattr(adapter, "suffixes", ()))
            title = getattr(adapter, "title", "")
            if not all(isinstance(text, str) for text in (name, title, *suffixes)):
                raise TypeError(f"expected text as name, title and suffixes of a {kind}; came {name!r}")
            editable = bool(getattr(adapter, "editable", False))
            yield Found(kind=kind, name=name, title=title, suffixes=suffixes, editable=editable)


def compare(manifest: Manifest, found: tuple[Found, ...]) -> None:
    """Refuse a plugin that registers other adapters than its manifest says: `Defect`."""
    said = {(one.kind, one.name) for one in manifest.adapter or ()}
    came = {(one.kind, one.name) for one in found}
    if said != came:
        told = ", ".join(f"{kind} {name}" for kind, name in sorted(came)) or "none"
        expected = ", ".join(f"{kind} {name}" for kind, name in sorted(said)) or "none"
        raise Defect(f"expected the adapters of its manifest ({expected}); came {told}; tell its author")
