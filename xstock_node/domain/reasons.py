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
    "crosswalk": "the crosswalk {scheme} says that {code} is this item",
    "like_code": "its code begins with {code} as well",
    "same_code": "the list has the catalogue's own code {code}",
    "same_name": "the same name in {lang}: {name}",
    "same_synonym": "another word for it in {lang}: {name}",
    "all_words": "every word of the line is in {name} ({lang})",
    "alike": "alike to {name} ({lang})",
    "head_differs": "alike to {name} ({lang}), but it may be another thing",
    # why a step of an operation may not be signed
    "no_lines": "at least one line of item, quantity and unit is needed",
    "no_counts": "at least one count of an item is needed",
    "no_quantity": "{item} needs a quantity above zero",
    "hold_in_the_past": "the hold must end later than now",
    "no_terms": "choose terms: {offered}",
    "other_terms": "{terms} was not offered, only {offered}",
    "no_due_day": "a {terms} needs the day on which it is due",
    "more_than_offered": "{asked} {unit} of {item}, and {there} are offered",
    "not_as_accepted": "a confirmation is of what was accepted, or of nothing",
    "not_as_proposed": "what concludes a proposal ({proposal}) is of its goods and its day",
    "hold_runs": "the hold has not ended yet",
    "not_late": "the acceptance came within the hold: confirm it, or withdraw the offer",
    "no_such_fact": "no fact of this hash: facts, such as a count, are corrected, and nothing else",
    "more_than_accepted": "{asked} {unit} of {item}, and {there} are accepted and not sent yet",
    "more_than_there": "{asked} {unit} of {item}, and there are {there}",
    "more_than_lent": "{asked} {unit} of {item}, and {there} are on loan",
    "light_open": "a green light is for one vehicle, crossing and day of one consignment; not said: {missing}",
    "light_ends": "say until when it holds (valid_until), a time to come",
    "not_later": "an extension is to a day after {due}, when the goods are due",
    "hold_beyond": "{agreement}: goods are held for at most {hours} h",
    "loan_beyond": "{agreement}: a loan runs for at most {days} days, until {last}",
    "lots_not_yet": "{agreement}: before an acceptance the other side learns the {tier}, no lot numbers",
    "no_such_count": "say which count (of), one that waits for a second person",
    "due_over": "a loan is due on a day to come; {due} is none on {today}",
    "which_load": "say which consignment it is about: {consignments}",
    "left_already": "consignment {consignment} left already",
    "no_green_light": "consignment {consignment} has no green light; ask for one, or say why none is needed",
    "green_light_void": "the green light of consignment {consignment} does not hold: {why}",
    "no_such_dispute": "no open dispute of this hash",
    "not_lent": "only goods on loan or to be replaced; these are under {terms}",
    "below_dispatched": "{there} of {item} are on their way already",
    "disputed": "a dispute is open",
    "unbalanced": "{left} {unit} of {item} are neither back, received nor written off",
    # a consignment and its receipt
    "no_units": "consignment {consignment} holds no handling unit",
    "mixed_handling": "unit {sscc} is {handling}, the consignment {wanted}: they travel apart",
    "unit_twice": "unit {sscc} is listed twice",
    "leg_broken": "leg {leg} begins at {origin}, but the goods are at {here}",
    "leg_backwards": "leg {leg} runs backwards in time",
    "leg_short": "the legs end at {here}, not at {destination}",
    "other_unit": "{sscc} was counted, {wanted} was meant",
    "count_impossible": "the count of unit {sscc} is below zero or no number",
    "count_unbalanced": "unit {sscc}: {counted} of {item} counted (good, damaged, short, less over), {sent} sent",
    "count_without_reason": "unit {sscc}: what is damaged, short or over needs a reason",
    # agreements
    "agreement_not_yet": "{agreement} is valid from {day} on",
    "agreement_over": "{agreement} was valid until {day}",
    "no_party": "{node} is no party to {agreement}",
    "accession_over": "the accession of {node} to {agreement} ended on {day}; it renews it first",
    "terms_not_agreed": "{agreement} knows {agreed}, not {terms}",
    "item_not_agreed": "{agreement} does not cover {item}",
    "reference_needed": "a request under {agreement} names the mechanism's own number",
    # reception
    "profile_over": "the reception profile of {country} was valid until {day}; ask for a new one",
    "profile_stale": "the reception profile of {country} is of {day}, older than 90 days ({source}); confirm it",
    "simplified": "{country} eases the border until {day}: {decision}",
    "simplification_over": "the easing of {country} ended on {day}: {decision}",
    "regime_not_accepted": "{country} does not accept the regime {regime}",
    "entry_not_open": "goods do not enter {country} at {entry}",
    "truck_above_limit": "a truck of {truck} t is too large for {where} ({limit} t)",
    "class_unknown": "{goods} are in no catalogue here, and {country} restricts classes and kinds of goods",
    "goods_forbidden": "{country} lets no {goods} in on these terms",
    "permission_missing": "{goods} need {permission} of {country} ({authority}, lead time {lead} h)",
    # people
    "night_deputy_next": "night deputy outside the hours of the roster (next from {when})",
    "night_deputy_never": "night deputy outside the hours of the roster (none within a week)",
    # corridors
    "fact_stale": "last read on {day}, more than 90 days ago or never: {source}",
    "paper_step": "the step {step} was taken",
    "paper_way": "the way {way} asks for it on these terms: {terms}",
    "paper_of_step": "the operation: that step was signed",
    "way_assumed": "no road is given; taken from one end to the other: {way}",
    "way_unknown": "the way is not known: {why}",
    "way_country": "the customs facts have no country {countries}: say it in the settings, or add it to papers.toml",
    "terms_unknown": "the terms are not agreed yet",
    "no_profile": "no reception profile of {country} is held here; ask for it",
    "food_class": "food is treated as of animal origin; say so where it is not",
    "unit_unreadable": "unit {sscc} cannot be put on paper: {why}",
    "clearance_customs": "a green light is needed: the way leaves a customs territory ({way})",
    "clearance_permission": "a green light is needed: {country} wants {permission}",
    "no_clearance_union": "no green light is needed: every country of the way is in the Union ({way})",
    "no_clearance_domestic": "no green light is needed: the goods stay in one country ({way})",
}


def sentence(reason: Reason) -> str:
    """The English sentence of a reason; an unknown code is shown as it is."""
    template = MESSAGES.get(reason.code)
    return reason.code if template is None else template.format_map(reason.params)
