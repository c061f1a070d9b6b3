"""Routes of what disasters did, in counters."""

from xstock_node.api.route import Route
from xstock_node.domain.impact import ImpactNote
from xstock_node.services import impact

IMPACT_ROUTES = (
    Route(
        "impact.list",
        "GET",
        "/impact",
        "see",
        None,
        list[str],
        impact.list_events,
        "Disasters of which counters are noted",
    ),
    Route(
        "impact.note",
        "POST",
        "/impact",
        "move",
        ImpactNote,
        impact.ImpactView,
        impact.note_impact,
        "Note what a source said of a disaster",
    ),
    Route(
        "impact.show",
        "GET",
        "/impact/event",
        "see",
        impact.EventRef,
        impact.ImpactView,
        impact.show_impact,
        "The counters of a disaster and their history",
    ),
    Route(
        "impact.import",
        "POST",
        "/impact/import",
        "move",
        impact.ImportImpact,
        impact.ImpactTaken,
        impact.import_impact,
        "Read counters from a file",
    ),
    Route(
        "impact.export",
        "GET",
        "/impact/export",
        "see",
        impact.ExportImpact,
        impact.ImpactTable,
        impact.export_impact,
        "The counters of a disaster as CSV or JSON",
    ),
)
