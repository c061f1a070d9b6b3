"""The root command. Verbs are found by name and imported when they are called, never before."""

import json
import sys
from importlib import import_module

import click

from xstock_node import __version__

VERBS = {
    "init": ("init", "Make a data folder: keys, identity, settings"),
    "serve": ("serve", "Run the node"),
    "demo": ("demo", "Six countries share stock on this machine"),
    "status": ("status", "This node at a glance"),
    "doctor": ("status", "What is well, and what to type for what is not"),
    "stock": ("stock", "Own stock: import, preview, match, change"),
    "plugin": ("plugin", "Plugins: list, enable, disable, new, check"),
    "catalogue": ("catalogue", "Items and their names in each language"),
    "offer": ("offer", "Own offers: publish, withdraw, renew, export, verify"),
    "search": ("search", "Find offers of all nodes"),
    "request": ("request", "Ask nodes for goods; promised, offered, possible"),
    "op": ("op", "Operations: list, show, take a step, release, approve; papers, labels"),
    "message": ("message", "Messages of other systems: take in, look at, write"),
    "form": ("form", "Forms of other bodies: fill in, make as PDF, HTML or JSON"),
    "convoy": ("convoy", "Convoys: the watch board, lists for camera operators, passages"),
    "corridor": ("corridor", "Corridors that are watched, and their threat mode"),
    "alert": ("alert", "Public warnings: list, show"),
    "arrival": ("arrival", "Arrival of people, as counts alone"),
    "impact": ("impact", "What a disaster did, in counters: note, show, export"),
    "unneeded": ("unneeded", "What we do not need: show, say"),
    "agreement": ("agreement", "Agreements on file: new, list, show"),
    "reception": ("reception", "Reception profiles and roads: edit, show, routes"),
    "exercise": ("exercise", "Play a whole exercise, in memory or on processes"),
    "duty": ("duty", "Who has duty, what waits for whom, and who took it"),
    "user": ("user", "People of this node: roles and tokens"),
    "peer": ("peer", "The nodes that this one knows"),
    "bundle": ("bundle", "What travels by stick, mail or QR sequence"),
    "network": ("network", "Who belongs: charters, applications, vouches, members, towns"),
    "key": ("key", "This node's keys: show, rotate, encrypt, recover"),
    "conformance": ("conformance", "Judge a node by the clauses of the specification"),
    "api": ("api", "The local API: its OpenAPI document"),
    "config": ("config", "Settings: check, show, explain"),
    "log": ("log", "The signed logs held here"),
    "db": ("db", "The database: check it, build it anew from the signed logs"),
    "backup": ("backup", "Back-ups: create, verify, restore, key, at peers"),
}


class LazyGroup(click.Group):
    """Knows its verbs by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which a newcomer needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The verb's command, or None."""
        if name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"xstock_node.cli.{VERBS[name][0]}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help without importing a single verb."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, words) for name, (_, words) in VERBS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="xstock")
def main() -> None:
    """X-Stock node: signed stock offers shared between national societies, without a centre."""


def run() -> None:
    """Entry point of the script `xstock`. A wrong use is told as JSON too where `--json` stands in the line."""
    try:
        code = main(prog_name="xstock", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        if "--json" in sys.argv:
            said = {"code": "usage", "expected": "a line by --help", "came": error.format_message(), "exit_code": 2}
            click.echo(json.dumps({"error": said}, ensure_ascii=False))
        sys.exit(error.exit_code)
