"""Routes of forms of other bodies, and of reference numbers."""

from xstock_node.api.route import Route
from xstock_node.services import forming, referring

FORM_ROUTES = (
    Route(
        "form.list",
        "GET",
        "/forms",
        "see",
        None,
        list[forming.FormView],
        forming.list_forms,
        "Forms that plugins offer",
    ),
    Route(
        "form.show",
        "GET",
        "/forms/form",
        "see",
        forming.FormRef,
        forming.FilledView,
        forming.show_form,
        "What is filled in of a form",
    ),
    Route(
        "form.fill",
        "POST",
        "/forms/form",
        "move",
        forming.FillForm,
        forming.FilledView,
        forming.fill_form,
        "Fill in fields of a form",
    ),
    Route(
        "form.make",
        "POST",
        "/forms/make",
        "see",
        forming.MakeForm,
        forming.FormFile,
        forming.make_form,
        "Make a form as PDF, HTML or JSON",
    ),
    Route(
        "request.refer",
        "POST",
        "/requests/references",
        "move",
        referring.Reference,
        referring.ReferencesView,
        referring.note_reference,
        "Keep a reference number that somebody else gave",
    ),
)
