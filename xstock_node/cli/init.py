"""`xstock init`: a data folder with keys, identity and settings, and the next three commands."""

import os
import secrets
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from xstock_node.cli.output import emit, verb, words
from xstock_node.config import FILE, home_folder, parse
from xstock_node.protocol import identity, names, paper
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.sealing import SealingKey
from xstock_node.services.errors import Refusal
from xstock_node.services.typed import plain

VALID_DAYS = 730


class Answers(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `init` asks; a TOML file with these fields answers for a person."""

    name: str
    organisation: str = ""
    country: str = "XX"
    languages: tuple[str, ...] = ("en",)
    url: str = ""
    network: str = "see"
    exercise: str = ""
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    host: str = "127.0.0.1"
    port: int = 7440
    allow_private: bool = False
    share: dict[str, Any] = {}


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` made."""

    node: str
    home: str
    digits: str
    identity: str
    root_key: str
    paper: list[str] = []
    next: list[str]


@click.command("init")
@click.option("--name", help="The node's name for ever, such as redcross.bg.")
@click.option("--organisation", help="The organisation's name in its own language.")
@click.option("--country", help="ISO 3166-1 alpha-2 code, such as BG.")
@click.option("--language", "languages", multiple=True, help="Language of the stock list (BCP 47); may be repeated.")
@click.option("--url", help="Base URL at which peers reach this node, such as https://xstock.redcross.bg.")
@click.option("--network", help="The network; see by default.")
@click.option("--exercise", help="Name of an exercise; leave out for real stock.")
@click.option("--port", type=int, help="Port on which peers call, 7440 by default.")
@click.option("--answers", type=click.Path(path_type=Path), help="TOML file that answers everything.")
@verb
async def init(as_json: bool, home: Path | None, answers: Path | None, **given: Any) -> None:
    """Make a data folder: keys, identity, settings."""
    folder = home_folder(str(home) if home else None)
    # A secret is for a person's eyes and paper: it never goes into what a program reads and logs.
    made = create(folder, _answers(answers, given), int(time.time()), with_paper=not as_json and os.isatty(1))
    emit(made, as_json, _shown)


def create(home: Path, answers: Answers, now: int, with_paper: bool = False) -> Made:
    """Write keys, identity and settings into an empty data folder; all is judged before anything is written.

    `now` is unix seconds. With `with_paper` the root key is told as lines for paper.
    """
    from xstock_node.cli.assembly import IDENTITY
    from xstock_node.cli.key import sealing_list
    from xstock_node.cli.keyfiles import KEYS, ROOT_KEY, SEALING_KEY, SIGNING_KEY, write_secret

    settings = _settings(answers)
    _judge(answers, settings)
    seeds = {name: secrets.token_bytes(32) for name in (ROOT_KEY, SIGNING_KEY)}
    seal = secrets.token_bytes(96)
    listed = sealing_list(SealingKey.from_seed(seal), seal)
    root, signing = Signer(answers.name, seeds[ROOT_KEY]), Signer(answers.name, seeds[SIGNING_KEY])
    own = _identity(answers, root, signing, listed, now)
    _want_empty(home, [home / FILE, home / IDENTITY, *(home / KEYS / name for name in seeds)])
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    (home / KEYS).mkdir(mode=0o700, exist_ok=True)
    (home / "peers").mkdir(exist_ok=True)
    for name, seed in seeds.items():
        write_secret(home / KEYS / name, seed.hex().encode() + b"\n")
    write_secret(home / KEYS / SEALING_KEY, f"{seal.hex()}\n{seal[-32:].hex()}\n".encode())
    (home / IDENTITY).write_bytes(own.raw)
    (home / FILE).write_text(settings, "utf-8")
    return Made(
        node=own.name,
        home=str(home),
        digits=own.digits(),
        identity=str(home / IDENTITY),
        root_key=str(home / KEYS / ROOT_KEY),
        paper=paper.write(seeds[ROOT_KEY]) if with_paper else [],
        next=["xstock doctor", "xstock stock import FILE", "xstock serve"],
    )


def _judge(answers: Answers, settings: str) -> None:
    """Refuse the first answer that does not fit, naming its field."""
    try:
        names.node_name(answers.name)
    except ProtocolError as error:
        raise _bad(f"name as {error.expected}", error.came or answers.name) from None
    try:
        names.log_name(answers.network, f"x-{answers.exercise}" if answers.exercise else "pub")
    except ProtocolError as error:
        raise _bad(f"network and exercise as {error.expected}", error.came) from None
    if answers.url and not _is_base_url(answers.url):
        raise _bad("url as http:// or https:// and a host, such as https://xstock.redcross.bg", answers.url)
    try:
        for field in ("organisation", "place"):
            plain(getattr(answers, field), field)
        parse(settings.encode())
    except Refusal as error:
        raise _bad(error.expected, error.came) from None


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _bad(expected: str, came: str) -> Refusal:
    return Refusal("bad-answers", expected, came, "nothing was written; correct it and try again", 2)


def _want_empty(home: Path, ours: list[Path]) -> None:
    there = [str(path.relative_to(home)) for path in ours if path.exists()]
    if str(FILE) in there:
        raise Refusal("exists", "an empty data folder", f"{home} has settings already", "choose another --home", 2)
    if there:
        came = f"{home} with {', '.join(there)} and no settings: an init that did not end"
        raise Refusal("half-made", "an empty data folder", came, "move these files away, or choose another --home", 2)


def _identity(answers: Answers, root: Signer, signing: Signer, seal: tuple[str, ...], now: int) -> Identity:
    language = answers.languages[0] if answers.languages else "en"
    statement = Statement(
        expires=now + VALID_DAYS * 86_400,
        keys=(to_base64(signing.public),),
        urls=(answers.url,) if answers.url else (),
        seal=seal,
        organisation={language: answers.organisation} if answers.organisation else {},
        country=answers.country,
        languages=tuple(answers.languages),
        networks=(answers.network,),
    )
    try:
        return identity.parse(identity.sign(answers.name, 1, statement, root, (signing,)))
    except ProtocolError as error:
        raise _bad(f"answers that make an identity: {error.expected}", error.came) from None


def _answers(file: Path | None, given: dict[str, Any]) -> Answers:
    known: dict[str, Any] = {}
    if file is not None:
        try:
            known = tomllib.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise Refusal("bad-answers", f"answers as TOML in {file}", str(error), "mend the file", 2) from None
    known |= {name: list(v) if isinstance(v, tuple) else v for name, v in given.items() if v not in (None, ())}
    if "name" not in known:
        if not os.isatty(0):
            raise Refusal("no-name", "the node's name", "none", "give --name, such as redcross.bg", 2)
        known["name"] = click.prompt("Node name, such as redcross.bg", err=True)
        known["organisation"] = known.get("organisation") or click.prompt("Organisation", err=True)
        known["country"] = known.get("country") or click.prompt("Country code", err=True)
    try:
        return msgspec.convert(known, Answers)
    except msgspec.ValidationError as error:
        raise Refusal("bad-answers", "answers as `xstock init --help` names them", str(error), "mend them", 2) from None


def _settings(answers: Answers) -> str:
    def quoted(value: object) -> str:
        return msgspec.json.encode(value).decode()

    lines = [
        "# Settings of this node; `xstock config explain` explains each.",
        "[node]",
        f"name = {quoted(answers.name)}",
        f"network = {quoted(answers.network)}",
        f"country = {quoted(answers.country)}",
        f"languages = {quoted(answers.languages)}",
        f"place = {quoted(answers.place)}",
    ]
    lines += [f"exercise = {quoted(answers.exercise)}"] if answers.exercise else []
    if answers.latitude is not None and answers.longitude is not None:
        lines += [f"latitude = {answers.latitude}", f"longitude = {answers.longitude}"]
    lines += ["", "[peer_port]", f"host = {quoted(answers.host)}", f"port = {answers.port}"]
    lines += ["", "[peers]", f"allow_private = {quoted(answers.allow_private)}"]
    if answers.share:
        lines += ["", *_toml_table("share", answers.share)]
    return "\n".join(lines) + "\n"


def _toml_table(name: str, values: dict[str, Any]) -> list[str]:
    """A table of plain values and tables as TOML; JSON's forms of text, numbers and lists are TOML's too."""
    plain = {k: v for k, v in values.items() if not isinstance(v, dict)}
    lines = [f"[{name}]", *(f"{_key(k)} = {msgspec.json.encode(v).decode()}" for k, v in plain.items())]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += ["", *_toml_table(f"{name}.{_key(key)}", value)]
    return lines


def _key(key: str) -> str:
    return (
        key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else msgspec.json.encode(key).decode()
    )


def _paper(made: Made) -> list[str]:
    if not made.paper:
        return []
    head = words("init.paper", "root key on paper: write these lines down by hand, then clear the screen")
    return [head, *(f"    {line}" for line in made.paper)]


def _shown(made: Made) -> str:
    return "\n".join(
        [
            words("init.lives", "{node} lives in {home}", node=made.node, home=made.home),
            words("init.digits", "fingerprint to compare by telephone: {digits}", digits=made.digits),
            words("init.identity", "identity for your peers: {file}", file=made.identity),
            words(
                "init.root-key",
                "root key: {file}  (move it to a safe place off line; the node does not need it)",
                file=made.root_key,
            ),
            *_paper(made),
            words("init.next", "next:"),
            *(f"  {command}" for command in made.next),
        ]
    )
