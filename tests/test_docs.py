"""Docs cannot lie: every command, setting, hook and route is documented, and nothing that is documented is missing."""

import re
from pathlib import Path

import click

from xstock_node.api.routes import BY_NAME, ROUTES
from xstock_node.cli.main import VERBS, main
from xstock_node.config import explain
from xstock_node.plugins.hookspecs import Hooks

ROOT = Path(__file__).parent.parent
MANUAL = (ROOT / "deploy" / "README.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def commands() -> dict[str, click.Command]:
    """Every command by its full name."""

    def below(name: str, command: click.Command | None) -> dict[str, click.Command]:
        if not isinstance(command, click.Group):
            assert command is not None
            return {name: command}
        context = click.Context(command)
        found = {}
        for sub in command.list_commands(context):
            found |= below(f"{name} {sub}", command.get_command(context, sub))
        return found

    return below("xstock", main)


def test_every_command_is_in_the_manual_with_its_help() -> None:
    for name, command in commands().items():
        assert command.help, f"{name} has no help"
        assert f"| `{name}` | {command.help.splitlines()[0]} |" in MANUAL, f"{name} is not in deploy/README.md"


def test_every_command_takes_json_and_home() -> None:
    for name, command in commands().items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--home"} <= options, name


def test_every_option_has_help() -> None:
    for name, command in commands().items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def test_every_setting_explains_itself_and_is_in_the_manual() -> None:
    for name, _, words, _ in explain():
        assert words, f"{name} has no explanation"
        assert f"| `{name}` |" in MANUAL and words in MANUAL, f"{name} is not in deploy/README.md"


def test_no_command_of_the_pages_is_made_up() -> None:
    known = set(commands()) | {f"xstock {verb}" for verb in VERBS}
    for page in (README, MANUAL, (ROOT / "deploy" / "exercise" / "README.md").read_text("utf-8")):
        for words in re.findall(r"xstock ([a-z]+(?: [a-z]+)?)", page):
            first = words.split()[0]
            if first in {"node", "init", "demo"}:
                continue
            assert f"xstock {words}" in known or f"xstock {first}" in known, words


def test_the_readme_opens_with_the_two_commands() -> None:
    head = README[:900]
    assert "make demo" in head and "make test" in head


def test_every_route_has_words_a_right_and_a_path_of_its_own() -> None:
    assert len(BY_NAME) == len(ROUTES) == len({(r.method, r.path) for r in ROUTES})
    assert all(route.summary and route.right and route.response is not None for route in ROUTES)


def test_every_hook_is_in_the_page_for_plugin_authors() -> None:
    page = (ROOT / "plugins" / "README.md").read_text("utf-8")
    hooks = [name for name in vars(Hooks) if name.startswith("xstock_")]
    assert hooks
    for hook in hooks:
        assert hook in page
