"""The flood exercise of the samples, as the kit reads it."""

from functools import cache
from typing import Any

from tests.shared import sample
from xstock_node.domain.allocation_types import Inputs
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.fairness import Claim, FairSplit
from xstock_node.domain.loading import VehicleType
from xstock_node.domain.position import Standing
from xstock_node.domain.routes import Network
from xstock_node.domain.share_rules import SharedLine, ShareRules
from xstock_node.testing.exercise.reading import ExerciseFile, tonnes

__all__ = ["tonnes"]


@cache
def exercise() -> ExerciseFile:
    """The file as it stands."""
    return ExerciseFile(sample("exercise-flood.json").read_bytes())


def flood() -> Any:
    return exercise().raw


def today() -> Any:
    return exercise().today


def catalogue() -> Catalogue:
    return exercise().catalogue


def rules() -> ShareRules:
    return exercise().rules


def shared_lines(node: str) -> list[SharedLine]:
    return exercise().shared_lines(node)


def gross_needs(node: str) -> dict[str, Any]:
    return exercise().gross_needs(node)


def standing(node: str) -> Standing:
    return exercise().standing(node)


def requests() -> list[dict[str, Any]]:
    return exercise().requests


def offerable(item: str) -> Any:
    return exercise().offerable(item)


def claims(item: str) -> list[Claim]:
    return exercise().claims(item)


def fair_plan() -> dict[str, FairSplit]:
    return exercise().fair_plan


def network() -> Network:
    return exercise().network


def vehicle_type(code: str) -> VehicleType:
    return exercise().vehicle_type(code)


def plan_inputs() -> Inputs:
    return exercise().plan_inputs
