"""`xstock-checkpoint match`: the program that a camera operator runs, without a node."""

import asyncio
import ipaddress
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import click
from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

from xstock_checkpoint.matcher import Matcher, Post


@click.group()
def main() -> None:
    """Convoys at checkpoints: what camera operators run."""


@main.command("match")
@click.option(
    "--list",
    "list_",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The signed list of declared plates; a newer file in its place is taken by itself.",
)
@click.option("--digits", required=True, help="The 24 digits of the node, compared by voice with its operator.")
@click.option("--node", required=True, help="The public address of the node, such as https://node.example.org.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The file with the node's token for hits.",
)
@click.option("--place", required=True, help="The checkpoint where these cameras stand.")
@click.option("--country", required=True, help="Its country, two letters.")
@click.option(
    "--event",
    type=click.Choice(["checkpoint", "at-border", "entry"]),
    default="checkpoint",
    show_default=True,
    help="What passing these cameras means.",
)
@click.option("--listen", default="127.0.0.1:8090", show_default=True, help="Where cameras post to, HOST:PORT.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificates to trust for the node; those of the system by default.",
)
def match(
    list_: Path,
    digits: str,
    node: str,
    token_file: Path,
    place: str,
    country: str,
    event: str,
    listen: str,
    ca: Path | None,
) -> None:
    """Take webhooks of cameras, and tell the node which of its declared convoys passed. Nothing else leaves."""
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise click.UsageError(f"expected a country of two letters; came {country}; write such as RO")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError(f"expected --listen as HOST:PORT; came {listen}; write such as 127.0.0.1:8090")
    token = token_file.read_text("utf-8").strip()
    post = Post(place, country.upper(), event, _checked(node), token)
    asyncio.run(_serve(list_, digits, post, host.strip("[]"), int(port), ca))


async def _serve(path: Path, digits: str, post: Post, host: str, port: int, ca: Path | None) -> None:
    trust = ssl.create_default_context(cafile=str(ca) if ca else None)
    connector = TCPConnector(ssl=trust)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar(), trust_env=False) as session:
        matcher = Matcher(path, digits, post, session)
        listed = matcher.list_now()
        runner = web.AppRunner(matcher.app(), access_log=None, auto_decompress=False, keepalive_timeout=75)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        held = f"{len(listed.entries)} plates until {listed.ends}" if listed else "no list that runs now"
        click.echo(f"listening on {host}:{runner.addresses[0][1]}; {held}", err=True)
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()


def _checked(node: str) -> str:
    """The node's address; without TLS on this machine alone, as the token would travel in clear."""
    parts = urlsplit(node)
    try:
        here = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        here = parts.hostname == "localhost"
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.scheme == "http" and not here):
        raise click.UsageError(f"expected https://HOST; came {node}; http is for this machine alone")
    return node.rstrip("/")
