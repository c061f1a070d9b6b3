"""This node: repairs, plugins, people, what was done, settings, and the routes of its API."""

import msgspec

from xstock_node.api.routes import PREFIX, ROUTES
from xstock_node.config import explain
from xstock_node.console.acts import routed, told
from xstock_node.console.form import Form
from xstock_node.console.page import Ask, Column, Field, Go, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import ROLE, mark
from xstock_node.console.worlds import is_exercise
from xstock_node.services.acting import ActView, TailRequest
from xstock_node.services.draft_desk import DraftsAsked
from xstock_node.services.findings import Finding
from xstock_node.services.people import PersonView
from xstock_node.services.plugging import PluginView
from xstock_node.services.times import iso

DOCTOR = "doctor"
OFF = ("disabled", "quarantined")
"""States of a plugin that a person may switch on again."""


class RepairsView(msgspec.Struct, frozen=True, kw_only=True):
    """What is well and what is not, with what to do; what is not well first; when it was `looked` at (ISO)."""

    looked: str
    findings: list[Finding]


async def _repairs(visit: Visit, asked: None) -> RepairsView:
    # It hashes every record that is held: what was found a moment ago is shown, with its hour.
    looked, found = await visit.office.remembered.get(DOCTOR, lambda: _look(visit))
    return RepairsView(looked=looked, findings=sorted(found, key=lambda one: one.state == "ok"))


async def _look(visit: Visit) -> tuple[str, list[Finding]]:
    at = visit.office.node.clock.now()
    return iso(at), await visit.ask("doctor")


async def _again(visit: Visit, form: Form) -> Go:
    visit.office.remembered.forget(DOCTOR)
    return Go("/repairs")


REPAIRS = Page(
    "repairs",
    "/repairs",
    mark("Repairs"),
    "operate",
    _repairs,
    acts={"again": _again},
    tables={
        "findings": Table(
            mark("What is well, and what is not"),
            (
                Column("state", mark("State"), "finding"),
                Column("check", mark("What")),
                Column("found", mark("Found")),
                Column("do", mark("What to do")),
            ),
            lambda view: view.findings,
        )
    },
    group="node",
)


class AdapterRow(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter of a plugin: calls, errors and times (seconds)."""

    plugin: str
    kind: str
    name: str
    state: str
    calls: int
    errors: int
    mean: str
    slowest: str
    last_error: str


class PluginsView(msgspec.Struct, frozen=True, kw_only=True):
    """The plugins and how each of their adapters fares."""

    plugins: list[PluginView]
    adapters: list[AdapterRow]


async def _plugins(visit: Visit, asked: None) -> PluginsView:
    plugins: list[PluginView] = await visit.ask("plugin.list")
    rows = [
        AdapterRow(
            plugin=plugin.name,
            kind=one.kind,
            name=one.name,
            state=one.state,
            calls=one.calls,
            errors=one.errors,
            mean=f"{one.seconds / one.calls:.3f}" if one.calls else "",
            slowest=f"{one.slowest:.3f}" if one.calls else "",
            last_error=one.last_error,
        )
        for plugin in plugins
        for one in plugin.adapters
    ]
    return PluginsView(plugins=plugins, adapters=rows)


PLUGINS = Page(
    "plugins",
    "/plugins",
    mark("Plugins"),
    "operate",
    _plugins,
    acts={"disable": routed("plugin.disable", "/plugins"), "enable": routed("plugin.enable", "/plugins")},
    tables={
        "plugins": Table(
            mark("Plugins"),
            (
                Column("name", mark("Name")),
                Column("distribution", mark("Distribution")),
                Column("version", mark("Version")),
                Column("state", mark("State")),
                Column("isolation", mark("Kept apart by")),
                Column("may", mark("May")),
                Column("reason", mark("Why")),
                Column("do", mark("What to do")),
            ),
            lambda view: view.plugins,
            mark("No plugin is allowed in the settings."),
            (
                Press("enable", mark("Switch on"), ("name",), "operate", when=lambda row: row.state in OFF),
                Press("disable", mark("Switch off"), ("name",), "operate", when=lambda row: row.state == "loaded"),
            ),
        ),
        "adapters": Table(
            mark("How they fare"),
            (
                Column("plugin", mark("Plugin")),
                Column("kind", mark("Kind")),
                Column("name", mark("Adapter")),
                Column("state", mark("State")),
                Column("calls", mark("Calls"), "number"),
                Column("errors", mark("Errors"), "number"),
                Column("mean", mark("Mean s"), "number"),
                Column("slowest", mark("Slowest s"), "number"),
                Column("last_error", mark("Last error")),
            ),
            lambda view: view.adapters,
            mark("No adapter was called yet."),
        ),
    },
    group="node",
    shape="plain",
)


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A role of a person: where it holds, from when, who gave it; `until` unix seconds, 0 without an end."""

    name: str
    function: str
    role: str
    sites: list[str]
    holds: bool
    effective: int
    until: int
    by: str
    tokens: int


class UsersView(msgspec.Struct, frozen=True, kw_only=True):
    """People and what they may do."""

    people: list[PersonRow]


async def _users(visit: Visit, asked: None) -> UsersView:
    found: list[PersonView] = await visit.ask("user.list")
    rows = [
        PersonRow(
            name=person.name,
            function=person.function,
            role=grant.role.value,
            sites=grant.sites,
            holds=grant.holds,
            effective=grant.effective,
            until=grant.until,
            by=grant.by,
            tokens=person.tokens,
        )
        for person in found
        for grant in person.grants
    ]
    return UsersView(people=rows)


NAME = Field("name", mark("Name"), required=True)
ROLE_FIELD = Field("role", mark("Role"), choices=tuple(ROLE.items()))
SITES = Field("sites", mark("Only at the branch"), hint=mark("Empty: the whole organisation."))
USERS = Page(
    "users",
    "/users",
    mark("People"),
    "people",
    _users,
    acts={
        "add": routed("user.add", "/users"),
        "role": routed("user.role", "/users"),
        "agree": routed("user.agree", "/users"),
        "remove": routed("user.remove", "/users"),
        "link": told("user.link"),
        "token": told("user.token"),
    },
    tables={
        "people": Table(
            mark("Who may do what"),
            (
                Column("name", mark("Name")),
                Column("role", mark("Role"), "role"),
                Column("sites", mark("Where")),
                Column("holds", mark("Holds"), "yes"),
                Column("effective", mark("From"), "when"),
                Column("until", mark("Until"), "when"),
                Column("by", mark("Given by")),
                Column("tokens", mark("Tokens"), "number"),
            ),
            lambda view: view.people,
            mark("Nobody yet."),
            (
                Press("agree", mark("Agree"), ("name",), "approve", when=lambda row: not row.holds),
                Press("link", mark("One-time code"), ("name",), "people"),
                Press("remove", mark("Remove"), ("name",), "people", mark("Sure")),
            ),
        )
    },
    asking=(
        Ask(
            "add",
            mark("Add a person"),
            mark("Add"),
            (NAME, ROLE_FIELD, SITES, Field("function", mark("What others see"), hint=mark("Such as duty desk."))),
            "people",
        ),
        Ask("role", mark("Give one more role"), mark("Give"), (NAME, ROLE_FIELD, SITES), "people"),
        Ask(
            "token",
            mark("A token for a program"),
            mark("Make a token"),
            (
                NAME,
                Field("days", mark("Days"), "number", "90"),
                Field("scope", mark("Only this right")),
                Field("remark", mark("What for")),
            ),
            "people",
        ),
    ),
    group="node",
    shape="plain",
)


class ActRow(msgspec.Struct, frozen=True, kw_only=True):
    """An act, and whether it was one of an exercise."""

    at: str
    actor: str
    verb: str
    subject: str
    detail: str
    exercise: bool


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest acts."""

    acts: list[ActRow]


async def _audit(visit: Visit, asked: TailRequest) -> AuditView:
    found: list[ActView] = await visit.ask("log.tail", asked)
    requests = await visit.ask("request.list") if visit.may("see") else []
    drafts = await visit.ask("request.drafts", DraftsAsked(all=True)) if visit.may("see") else []
    drills = {one.id for one in (*requests, *drafts) if one.exercise}

    def row(act: ActView) -> ActRow:
        asks = act.verb.startswith(("request.", "draft.")) and act.subject in drills
        return ActRow(**msgspec.structs.asdict(act), exercise=asks or is_exercise(act))

    return AuditView(acts=[row(act) for act in found])


AUDIT = Page(
    "audit",
    "/audit",
    mark("What was done"),
    "audit",
    _audit,
    asks=TailRequest,
    tables={
        "acts": Table(
            mark("Acts"),
            (
                Column("at", mark("When"), "when"),
                Column("actor", mark("Who")),
                Column("verb", mark("What")),
                Column("subject", mark("About"), "code"),
                Column("detail", mark("More")),
            ),
            lambda view: view.acts,
        )
    },
    group="node",
    shape="plain",
)


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A setting: its name, type, meaning and default."""

    setting: str
    kind: str
    meaning: str
    default: str


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of `config.toml`, explained."""

    settings: list[SettingRow]


async def _settings(visit: Visit, asked: None) -> SettingsView:
    rows = [
        SettingRow(setting=name, kind=kind, meaning=words, default=msgspec.json.encode(default).decode())
        for name, kind, words, default in explain()
    ]
    return SettingsView(settings=rows)


SETTINGS = Page(
    "settings",
    "/settings",
    mark("Settings"),
    "operate",
    _settings,
    tables={
        "settings": Table(
            mark("Settings"),
            (
                Column("setting", mark("Setting"), "code"),
                Column("meaning", mark("Meaning")),
                Column("kind", mark("Type")),
                Column("default", mark("Default"), "code"),
            ),
            lambda view: view.settings,
        )
    },
    group="node",
    lead=mark("They stand in config.toml in the data folder, and hold from the next start."),
    shape="plain",
)


class RouteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A route of the API."""

    name: str
    method: str
    path: str
    right: str
    summary: str


class ApiView(msgspec.Struct, frozen=True, kw_only=True):
    """The routes of the API."""

    routes: list[RouteRow]


async def _api(visit: Visit, asked: None) -> ApiView:
    rows = [
        RouteRow(name=one.name, method=one.method, path=PREFIX + one.path, right=one.right, summary=one.summary)
        for one in ROUTES
    ]
    return ApiView(routes=rows)


API = Page(
    "api",
    "/programs",
    mark("API"),
    "see",
    _api,
    tables={
        "routes": Table(
            mark("Routes"),
            (
                Column("method", mark("Method"), "code"),
                Column("path", mark("Path"), "code"),
                Column("right", mark("Right")),
                Column("summary", mark("What it does")),
            ),
            lambda view: view.routes,
        )
    },
    group="node",
    lead=mark("For programs: with a token of a person, over loopback. The whole of it is in /api/1/openapi.json."),
    shape="plain",
)
