"""The hooks. A plugin registers adapters in them; behaviour lives in the adapters, which the host calls."""

import pluggy

from xstock_node.plugins.adapters import FileReader, Notifier
from xstock_node.plugins.forms import FormMaker
from xstock_node.plugins.identity import IdentityProvider
from xstock_node.plugins.interchange import AlertSource, MessageCarrier, MessageFormat
from xstock_node.plugins.inventory import InventorySource, InventoryWriter, StockList
from xstock_node.plugins.public import Page, PublicRoute

API_LEVEL = 7
"""1: readers of files, lists kept by hand; 2: notifiers; 3: inventory systems, contexts, manifests, routes, pages;
4: formats of messages, feeds of warnings; 5: forms; 6: desks of convoys, warnings, members; carriers of messages;
7: accounts elsewhere."""
OLDEST_LEVEL = 1
PROJECT = "xstock_node"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Registry:
    """What a plugin fills during registration. `api_level` is the level of hooks this node speaks."""

    api_level = API_LEVEL

    def __init__(self) -> None:
        self.file_readers: dict[str, FileReader] = {}
        self.sources: dict[str, InventorySource | StockList] = {}
        self.writers: dict[str, InventoryWriter] = {}
        self.notifiers: dict[str, Notifier] = {}
        self.routes: dict[str, PublicRoute] = {}
        self.pages: dict[str, Page] = {}
        self.formats: dict[str, MessageFormat] = {}
        self.alert_sources: dict[str, AlertSource] = {}
        self.forms: dict[str, FormMaker] = {}
        self.carriers: dict[str, MessageCarrier] = {}
        self.identity_providers: dict[str, IdentityProvider] = {}

    def file_reader(self, reader: FileReader) -> None:
        """Offer a reader of foreign files; two readers of one name are refused."""
        _once(self.file_readers, reader.name, "file reader")
        self.file_readers[reader.name] = reader

    def inventory_source(self, source: InventorySource | StockList) -> None:
        """Offer a source of stock lines; two sources of one name are refused."""
        _once(self.sources, source.name, "inventory source")
        self.sources[source.name] = source

    def inventory_writer(self, writer: InventoryWriter) -> None:
        """Offer to write movements into the system of the source of the same name."""
        _once(self.writers, writer.name, "inventory writer")
        self.writers[writer.name] = writer

    def route(self, route: PublicRoute) -> None:
        """Offer to answer at an address of the public port, which the manifest states."""
        _once(self.routes, route.name, "route")
        self.routes[route.name] = route

    def page(self, page: Page) -> None:
        """Offer a page; two pages of one name are refused."""
        _once(self.pages, page.name, "page")
        self.pages[page.name] = page

    def message_format(self, format_: MessageFormat) -> None:
        """Offer to read and write the messages of a standard; two formats of one name are refused."""
        _once(self.formats, format_.name, "message format")
        self.formats[format_.name] = format_

    def alert_source(self, source: AlertSource) -> None:
        """Offer a feed of public warnings; two feeds of one name are refused."""
        _once(self.alert_sources, source.name, "alert source")
        self.alert_sources[source.name] = source

    def message_carrier(self, carrier: MessageCarrier) -> None:
        """Offer to hand messages to another system; two carriers of one name are refused."""
        _once(self.carriers, carrier.name, "message carrier")
        self.carriers[carrier.name] = carrier

    def identity_provider(self, provider: IdentityProvider) -> None:
        """Offer accounts that people have elsewhere as a way in; two providers of one name are refused."""
        _once(self.identity_providers, provider.name, "identity provider")
        self.identity_providers[provider.name] = provider

    def form(self, form: FormMaker) -> None:
        """Offer a form of another body; two forms of one name are refused."""
        _once(self.forms, form.name, "form")
        self.forms[form.name] = form

    def notifier(self, notifier: Notifier) -> None:
        """Offer to carry notices to people; two notifiers of one name are refused."""
        _once(self.notifiers, notifier.name, "notifier")
        self.notifiers[notifier.name] = notifier


def _once(taken: object, name: str, what: str) -> None:
    if name in taken:  # type: ignore[operator]
        raise ValueError(f"a {what} named {name!r} is registered already")


class Hooks:
    """Hook specifications of API level 7."""

    @hookspec
    def xstock_register(self, registry: Registry) -> None:
        """Called once when the plugin is loaded: register this plugin's adapters in `registry`."""
