"""The settings of a node, one TOML file; every field carries its own explanation."""

import os
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from xstock_node.domain.retention import NAMES
from xstock_node.domain.share_rules import ShareRules
from xstock_node.protocol import names
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.errors import Refusal
from xstock_node.services.typed import UNSAFE

FILE = "config.toml"
TERMS = ("loan", "donation", "replacement", "cost-recovery")
PLACE_LENGTH = 120
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_PREFIX = re.compile(r"([0-9]{4,12})?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}", re.ASCII)


class PeerSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One pinned peer."""

    name: Annotated[str, Meta(description="The peer's node name, such as redcross.hr.")]
    identity: Annotated[
        str, Meta(description="File with the peer's identity note, relative to the data folder. It is the pin.")
    ]
    dial: Annotated[bool, Meta(description="False for a peer that is never called, because it only calls here.")] = True


class NodeSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who this node is."""

    name: Annotated[str, Meta(description="The node's name for ever, such as redcross.bg.")]
    network: Annotated[str, Meta(description="The network it belongs to.")] = "see"
    exercise: Annotated[
        str, Meta(description="Name of an exercise. Its log's label begins with x and never mixes with real stock.")
    ] = ""
    country: Annotated[str, Meta(description="ISO 3166-1 alpha-2 code, such as BG.")] = "XX"
    languages: Annotated[
        tuple[str, ...],
        Meta(description="Languages of the stock list and its people (BCP 47), the first is the default."),
    ] = ("en",)
    place: Annotated[str, Meta(description="Coarse place that offers name, such as a town.")] = ""
    latitude: Annotated[
        float | None, Meta(description="Of that place, rounded to 0.1 degree before it leaves the node.")
    ] = None
    longitude: Annotated[float | None, Meta(description="Of that place, rounded likewise.")] = None
    gs1_prefix: Annotated[
        str, Meta(description="GS1 company prefix, 4 to 12 digits, that begins the numbers (SSCC) of handling units.")
    ] = ""


class PeerPortSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where peers call this node."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on; 0 turns the peer port off.", ge=0, le=65535)] = 7440
    tls_certificate: Annotated[
        str, Meta(description="PEM file with the certificate chain. Empty: a proxy in front does TLS.")
    ] = ""
    tls_key: Annotated[str, Meta(description="PEM file with the certificate's key.")] = ""


class LocalPortSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The API for this node's own people and programs, beside the UNIX socket in the data folder."""

    port: Annotated[
        int, Meta(description="Port on 127.0.0.1; 0 keeps it off. It wants the token of api.token.", ge=0, le=65535)
    ] = 0


class HealthSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Health and metrics on a port of their own, for a machine that watches this one."""

    host: Annotated[str, Meta(description="Address that health and metrics listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port of health and metrics, without token; 0: off.")] = 0


class KeepSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How long data is kept that is no evidence."""

    days: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=36_500)]],
        Meta(description="Days that a kind of data is kept, by its name in the manual; 0: for ever."),
    ] = {}

    def __post_init__(self) -> None:
        if unknown := set(self.days) - NAMES:
            raise ValueError(f"expected kinds out of {', '.join(sorted(NAMES))}; came {', '.join(sorted(unknown))}")


class PeersSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How peers are dialled."""

    allow_private: Annotated[
        bool, Meta(description="Also dial private and loopback addresses and plain http. For tests and own networks.")
    ] = False


class AudienceSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One audience: a log that only its readers see."""

    label: Annotated[str, Meta(description="The log's label, such as sava.")]
    names: Annotated[tuple[str, ...], Meta(description="Node names that may read it.")] = ()
    tiers: Annotated[
        tuple[str, ...], Meta(description="Tiers that may read it: governor, member, town, observer.")
    ] = ()


class KeysSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How an encrypted signing key is opened when nobody is there to type."""

    passphrase_file: Annotated[
        str,
        Meta(
            description="File with the passphrase of an encrypted signing key, readable by its owner alone. Empty: the"
            " systemd credential xstock-passphrase, else a person is asked."
        ),
    ] = ""


class StorageSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where the node keeps what it holds."""

    engine: Annotated[
        str, Meta(description="sqlite (a file in the data folder), or an engine that is installed: postgresql.")
    ] = "sqlite"
    connection_file: Annotated[
        str,
        Meta(
            description="File with the connection string of the engine's server, readable by its owner alone, relative"
            " to the data folder."
        ),
    ] = ""


class KeepBackupSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One peer whose back-ups are kept here, by agreement; they are encrypted with a key that only the peer has."""

    name: Annotated[str, Meta(description="Node name of a peer whose encrypted back-ups are kept here.")]
    megabytes: Annotated[int, Meta(ge=1, le=1 << 24, description="MiB that this peer's back-ups may take here.")]
    files: Annotated[int, Meta(ge=1, le=1000, description="So many of this peer's last back-ups stay.")] = 3


class DropSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A folder into which lists of stock are put."""

    folder: Annotated[str, Meta(description="Folder that is looked into; relative to the data folder, or absolute.")]
    source: Annotated[str, Meta(description="The source whose newest list its files are.")]
    kind: Annotated[Literal["stock", "minimums"], Meta(description="What the rows of its files are.")] = "stock"


class PublicPortSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The port for webhooks, feeds and public pages of plugins; nothing else of the node is on it."""

    host: Annotated[str, Meta(description="Address that the public port of plugins listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="The public port of plugins; 0: off.")] = 0
    tls_certificate: Annotated[str, Meta(description="PEM file with the public port's certificate chain.")] = ""
    tls_key: Annotated[str, Meta(description="PEM file with the public port's key.")] = ""
    client_ca: Annotated[
        str, Meta(description="PEM file with the authority of clients' certificates (mutual TLS).")
    ] = ""


class ConsoleSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How people reach the console from other machines; on this one it is on the local port."""

    url: Annotated[
        str,
        Meta(
            description="Address by which phones and other machines reach the console, such as"
            " https://console.example.org: a name of its own behind a VPN or a proxy, never the peer port."
            " Empty: only on this machine, at http://localhost and the local port."
        ),
    ] = ""
    host: Annotated[str, Meta(description="Address that the console's own port listens on.")] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="The console's own port, for TLS without a proxy; 0: the local port alone."),
    ] = 0
    tls_certificate: Annotated[str, Meta(description="PEM file with the console's certificate chain.")] = ""
    tls_key: Annotated[str, Meta(description="PEM file with the console's key.")] = ""


class PluginSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which plugins are loaded."""

    allow: Annotated[tuple[str, ...], Meta(description="Distribution names that may be loaded.")] = (
        "xstock-spreadsheet",
    )
    in_process: Annotated[
        tuple[str, ...],
        Meta(description="Distributions of those whose code runs in the node itself, unguarded; all others run apart."),
    ] = ()
    bubblewrap: Annotated[
        Literal["auto", "require", "never"],
        Meta(description="Whether plugins run inside bubblewrap: where it works, always (or not at all), never."),
    ] = "auto"


class OfferSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every offer of this node states."""

    terms: Annotated[tuple[str, ...], Meta(description="loan, donation, replacement or cost-recovery.")] = ("loan",)
    ready_hours: Annotated[int, Meta(description="Hours until goods are ready to leave.", ge=0, le=8760)] = 48
    lease_days: Annotated[
        int, Meta(description="Days an offer stays valid unless it is renewed, at most 90.", ge=1, le=90)
    ] = 30
    banded: Annotated[
        tuple[str, ...],
        Meta(description="Catalogue codes and categories of which all members see a band, no figure."),
    ] = ()
    exact_to: Annotated[
        str, Meta(description="Label of the audience that sees the exact figures of banded offers.")
    ] = ""


class ReserveSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Stock that is held for all under a common arrangement: its items are offered as `reserve` records."""

    pool: Annotated[str, Meta(description="Name of the arrangement, such as rescEU medical stockpile.", min_length=1)]
    items: Annotated[tuple[str, ...], Meta(description="Catalogue codes of this node that belong to it.", min_length=1)]
    decides: Annotated[str, Meta(description="Who decides on its release, such as ERCC.")] = ""


class ApprovalSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Above which a second person approves an offer that the stock owner released, or a request."""

    percent: Annotated[
        Decimal, Meta(description="A second person above so many percent of what there is of an item.")
    ] = Decimal(10)
    value: Annotated[Decimal, Meta(description="A second person above this value of all goods offered.")] = Decimal(
        25_000
    )
    currency: Annotated[str, Meta(description="Currency of that value (ISO 4217).", pattern="^[A-Z]{3}$")] = "EUR"
    pieces: Annotated[
        dict[str, Decimal], Meta(description="A second person above so many of an item, by its code.")
    ] = {}
    unknown_value: Annotated[bool, Meta(description="A second person also where the value of goods is not known.")] = (
        False
    )
    ask_value: Annotated[
        Decimal, Meta(description="A second person above this value of all goods asked for, by the own stock; 0: none.")
    ] = Decimal(0)
    ask_pieces: Annotated[
        dict[str, Decimal], Meta(description="A second person above so many of an item asked for, by its code.")
    ] = {}


class DutySettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How people are called for what waits."""

    escalate_minutes: Annotated[
        int,
        Meta(description="Minutes until the next people are told of what nobody took.", ge=1, le=1440),
    ] = 15


class AlertSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which public warnings touch this node, and what they lead to. Ranks: 3 red, 2 orange, 1 yellow, 0 green."""

    countries: Annotated[
        tuple[str, ...] | None, Meta(description="Countries whose warnings touch us; the node's own where absent.")
    ] = None
    areas: Annotated[
        tuple[str, ...], Meta(description="Codes of areas whose warnings touch us, such as EMMA_ID RO104 or NUTS.")
    ] = ()
    point: Annotated[
        tuple[float, float] | None,
        Meta(description="Latitude and longitude of what has to be warned; the node's place where absent."),
    ] = None
    least: Annotated[
        int, Meta(ge=0, le=3, description="Least rank of a warning that opens a draft request: 2 is orange or Severe.")
    ] = 2
    call: Annotated[
        int, Meta(ge=0, le=3, description="Least rank of a warning for which people are called; others are listed.")
    ] = 2
    hours: Annotated[
        int, Meta(ge=1, le=720, description="Hours that a warning lasts which does not say when it ends.")
    ] = 24


class RequestSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens to the others once a need is covered."""

    stand_down: Annotated[
        Literal["ask", "auto"],
        Meta(
            description="Once promises cover a request: ask puts the stand-down of the others into the duty queue, auto"
            " lets the node send it. What is binding is never cancelled."
        ),
    ] = "ask"


SHARE_EXPLAINED = {
    "locations": "Stores whose stock may be offered; a store covers its racks. Absent: all.",
    "owners": "Owners whose stock may be offered. Absent: all.",
    "blocked_status": "Beginnings of words of a line's status that keep it at home.",
    "exclude_storage": "Storage classes that are never offered. Controlled drugs and blood never are.",
    "allow_cold_chain": "Whether goods kept at 2-8 C may be offered.",
    "min_remaining_days": "Days of shelf life left on arrival. Unset: 180, food 90, medical 365.",
    "food_remaining_days": "The same for food alone.",
    "medical_remaining_days": "The same for medical goods alone.",
    "transit_days": "Days from the offer to the expected arrival.",
    "keep_back": 'What stays, per catalogue code, "default" or (teams) "team": percent, or absolute in its unit.',
    "own_need": "What the own people need first, per catalogue code, in the item's unit.",
    "step": 'Offers are rounded down to this step, per catalogue code, "default" or (teams) "team".',
    "release_threshold_percent": "A person releases an offer that is more than this above the last released one.",
}


class Config(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All settings."""

    node: NodeSettings
    peer_port: PeerPortSettings = msgspec.field(default_factory=PeerPortSettings)
    local_port: LocalPortSettings = msgspec.field(default_factory=LocalPortSettings)
    peers: PeersSettings = msgspec.field(default_factory=PeersSettings)
    peer: list[PeerSettings] = []
    keys: KeysSettings = msgspec.field(default_factory=KeysSettings)
    storage: StorageSettings = msgspec.field(default_factory=StorageSettings)
    audience: list[AudienceSettings] = []
    reserve: list[ReserveSettings] = []
    drop: list[DropSettings] = []
    keep_backup: list[KeepBackupSettings] = []
    public_port: PublicPortSettings = msgspec.field(default_factory=PublicPortSettings)
    keep: KeepSettings = msgspec.field(default_factory=KeepSettings)
    health: HealthSettings = msgspec.field(default_factory=HealthSettings)
    console: ConsoleSettings = msgspec.field(default_factory=ConsoleSettings)
    plugins: PluginSettings = msgspec.field(default_factory=PluginSettings)
    offers: OfferSettings = msgspec.field(default_factory=OfferSettings)
    approvals: ApprovalSettings = msgspec.field(default_factory=ApprovalSettings)
    duty: DutySettings = msgspec.field(default_factory=DutySettings)
    alerts: AlertSettings = msgspec.field(default_factory=AlertSettings)
    requests: RequestSettings = msgspec.field(default_factory=RequestSettings)
    share: ShareRules = msgspec.field(default_factory=ShareRules)

    def log(self) -> str:
        """The log's name in every node: `see.pub`, or `see.x-demo` in an exercise."""
        label = f"x-{self.node.exercise}" if self.node.exercise else "pub"
        return names.log_name(self.node.network, label)


def home_folder(given: str | None) -> Path:
    """The data folder: as given, else of XSTOCK_HOME, else ~/.local/share/xstock-node."""
    return Path(given or os.environ.get("XSTOCK_HOME") or Path.home() / ".local" / "share" / "xstock-node")


def load(home: Path) -> Config:
    """The settings of a data folder, or a `Refusal` that says what to do."""
    path = home / FILE
    try:
        config = parse(path.read_bytes())
    except FileNotFoundError:
        raise Refusal("no-config", f"settings in {path}", "no such file", "run `xstock init` first", 3) from None
    except OSError as error:
        came = error.strerror or str(error)
        raise Refusal("no-config", f"settings in {path}", came, "check the path and its rights", 3) from None
    folders = [(home / drop.folder).resolve() for drop in config.drop]
    twice = next((folder for folder in folders if folders.count(folder) > 1), None)
    if twice is not None:
        raise Refusal("bad-config", "a folder of its own for each [[drop]]", str(twice), f"mend it in {FILE}", 3)
    return config


def parse(data: bytes) -> Config:
    """Settings from TOML."""
    try:
        config = msgspec.convert(tomllib.loads(data.decode("utf-8")), Config)
        names.node_name(config.node.name)
        config.log()
        for name in [*(peer.name for peer in config.peer), *(one.name for one in config.keep_backup)]:
            names.node_name(name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ProtocolError) as error:
        raise Refusal(
            "bad-config", f"settings by `xstock config explain` in {FILE}", str(error), "mend it", 3
        ) from None
    for fits, expected, came in _judged(config):
        if not fits:
            raise Refusal("bad-config", expected, repr(came), f"mend it in {FILE}", 3)
    return config


def _judged(config: Config) -> list[tuple[bool, str, object]]:
    """Whether each setting that every offer states is one that a record can say."""
    node, terms = config.node, config.offers.terms
    labels = [audience.label for audience in config.audience]
    point = config.alerts.point or (0.0, 0.0)
    latitude, longitude = node.latitude or 0.0, node.longitude or 0.0
    approvals = config.approvals
    return [
        (0 <= approvals.percent <= 100, "approvals.percent from 0 to 100", str(approvals.percent)),
        (approvals.value >= 0, "approvals.value of 0 or more", str(approvals.value)),
        (approvals.ask_value >= 0, "approvals.ask_value of 0 or more", str(approvals.ask_value)),
        (_COUNTRY.fullmatch(node.country) is not None, "node.country as two capital letters, such as BG", node.country),
        (
            all(_LANGUAGE.fullmatch(language) for language in node.languages),
            "node.languages as BCP 47 tags, such as bg or sr-Cyrl",
            list(node.languages),
        ),
        (
            UNSAFE.search(node.place) is None and len(node.place) <= PLACE_LENGTH,
            f"node.place of at most {PLACE_LENGTH} characters, none of them for control or direction",
            node.place,
        ),
        (_PREFIX.fullmatch(node.gs1_prefix) is not None, "node.gs1_prefix of 4 to 12 digits", node.gs1_prefix),
        (
            not config.public_port.client_ca or bool(config.public_port.tls_certificate),
            "public_port.tls_certificate where client_ca is set",
            "",
        ),
        (abs(latitude) <= 90, "node.latitude from -90 to 90", latitude),
        (abs(longitude) <= 180, "node.longitude from -180 to 180", longitude),
        (
            all(_COUNTRY.fullmatch(one) for one in config.alerts.countries or ()),
            "alerts.countries as two capital letters each, such as RO",
            list(config.alerts.countries or ()),
        ),
        (
            abs(point[0]) <= 90 and abs(point[1]) <= 180,
            "alerts.point as latitude and longitude in degrees",
            list(point),
        ),
        (
            not config.offers.exact_to or config.offers.exact_to in labels,
            "offers.exact_to as the label of an audience",
            "",
        ),
        (
            all(map(_is_audience, labels)),
            "audience[].label of a-z, 0-9 and '-', none of pub, net, audit",
            labels,
        ),
        (set(terms) <= set(TERMS) and len(terms) > 0, f"offers.terms of {', '.join(TERMS)}", list(terms)),
    ]


def _is_audience(label: str) -> bool:
    try:
        return not names.LogName("node.example", names.log_name("net", label)).is_for_all
    except ProtocolError:
        return False


def explain() -> list[tuple[str, str, str, Any]]:
    """Every setting as (name, type, explanation, default), in the order of the file."""
    rows: list[tuple[str, str, str, Any]] = []
    for section, kind in get_type_hints(Config).items():
        many = get_origin(kind) is list
        struct = get_args(kind)[0] if many else kind
        hints = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            kind, words = _explained(hints[field.name], SHARE_EXPLAINED.get(field.name, ""))
            prefix = f"{section}[]" if many else section
            rows.append((f"{prefix}.{field.name}", _type_name(kind), words, _default(field)))
    return rows


def _explained(hint: Any, otherwise: str) -> tuple[Any, str]:
    if get_origin(hint) is not Annotated:
        return hint, otherwise
    kind, *extras = get_args(hint)
    return kind, next((extra.description for extra in extras if getattr(extra, "description", None)), otherwise)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind).replace("typing.", "")
