"""Why: stable codes with parameters, so that every "not offered" and every guess can be said in any language.

The English sentences are message templates; a translation is looked up by code, and the parameters fit all of them.
"""

from typing import Final

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """A stable `code` of MESSAGES and what fills its sentence; figures are already text."""

    code: str
    params: dict[str, str] = {}


MESSAGES: Final[dict[str, str]] = {
    # share rule 1: the line is understood
    "unmapped": "no catalogue item is chosen for this line; confirm one",
    "mapping_proposed": "the catalogue item {code} is proposed but not confirmed by a person",
    "mapping_rejected": "a person decided that this line is no catalogue item",
    "unit_changed": "the unit was {before} when the item was confirmed and is {now}; confirm it again",
    "unknown_code": "the catalogue has no item {code}",
    "other_measure": "{unit} cannot become {base_unit}",
    # share rule 2
    "location_not_shared": "stock at {location} is not shared",
    "location_unknown": "the line says no place, and only named places are shared",
    "owner_not_shared": "stock of {owner} is not shared",
    "owner_unknown": "the line names no owner, and only named owners are shared",
    "owner_never_lends": "{owner} lends nothing of it",
    "donor_restricted": "the donor's restriction stands: {restriction}",
    # share rule 3
    "quantity_unknown": "the quantity is not known, or beyond all measure",
    "negative_balance": "the balance is negative ({quantity}); count again",
    "needs_confirmation": "the reading of this line is waiting for a person",
    "status_blocked": "the stock is {status}",
    "all_reserved": "all {quantity} are reserved or damaged",
    "nothing_on_hand": "nothing is on hand",
    # share rule 4
    "controlled": "controlled drugs are never offered",
    "blood": "blood and its products are never offered",
    "cold_chain": "the cold chain is not shared",
    "storage_excluded": "stock kept as {storage} is not shared",
    "class_excluded": "goods of the class {excluded} are not shared",
    # share rule 5
    "expired": "expired on {expiry}",
    "short_dated": "{days} days are left on {arrival}, {wanted} are wanted (expiry {expiry})",
    "expiry_unknown": "the item can expire and no expiry date is known",
    "expiry_unreadable": "the expiry {expiry} is no date",
    # share rules 6a to 9, on what remains of the whole organisation's stock
    "own_need": "{kept} of {usable} {unit} are kept for the own need",
    "kept_absolute": "{kept} of {usable} {unit} are kept back (minimum of {minimum})",
    "kept_percent": "{kept} of {usable} {unit} are kept back ({percent} %)",
    "kept_minimum": "{kept} of {usable} {unit} are kept back (local minimum levels)",
    "committed": "{kept} of {usable} {unit} are promised already",
    "rounded": "{kept} of {usable} {unit} remain below the lot of {step}",
    # share rule 10
    "release_new": "a new item: a person releases it",
    "release_above": "{quantity} is more than {percent} % above the released {released}: a person releases it",
    # why an item is a candidate
    "same_code": "the list has the catalogue's own code {code}",
    "same_name": "the same name in {lang}: {name}",
    "same_synonym": "another word for it in {lang}: {name}",
    "all_words": "every word of the line is in {name} ({lang})",
    "alike": "alike to {name} ({lang})",
    "head_differs": "alike to {name} ({lang}), but it may be another thing",
}


def sentence(reason: Reason) -> str:
    """The English sentence of a reason; an unknown code is shown as it is."""
    template = MESSAGES.get(reason.code)
    return reason.code if template is None else template.format_map(reason.params)
