"""The extracts that are drawn from the world, a module a family of them.

Lives here: the list of modules. Each has `deliveries(world) -> Iterator[Delivery]`: every delivery of its extracts without faults;
and it may have `plant(planter)`: the faults that its files have, which defects.py plants among its own.
Add here: a module for another family of extracts, in its place in the list.
Must not live here: people and careers (world.py), file formats (writers.py).

Rows are frames with one object column of strings per contract field ("" is blank) in the contract's order, and columns that
begin with "_" and never reach a file: `_period`, `_child` (position in the population, where the table has an
identity), `_parent` (nested tables), `_reject` (True for a row that the pipeline rejects).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType

from ingest.synthetic.defects import Planter
from ingest.synthetic.extracts import (
    annex_a,
    council_front_door,
    council_other,
    council_protection,
    health_children,
    health_counts,
    known_children,
    looked_after,
    office_assurance,
    office_restricted,
    office_training,
    police_crime,
    police_incidents,
    school_census,
    school_follow_up,
    social_care_feed,
    social_work_workforce,
)
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery

MODULES: tuple[ModuleType, ...] = (
    looked_after,
    school_follow_up,
    office_training,
    office_restricted,
    office_assurance,
    police_incidents,
    police_crime,
    health_children,
    health_counts,
    council_front_door,
    council_protection,
    council_other,
    annex_a,
    school_census,
    social_work_workforce,
    social_care_feed,
)


def deliveries(world: World) -> Iterator[Delivery]:
    """Every delivery of every module, in the order of the list."""
    for module in MODULES:
        yield from module.deliveries(world)


def lists(world: World, sent: Sequence[Delivery]) -> Iterator[Delivery]:
    """Deliveries that are about what else was sent."""
    yield from known_children.deliveries(world, sent)


def plant(planter: Planter) -> None:
    """The faults of every module that has some, in the order of the list."""
    for module in (*MODULES, known_children):
        if hasattr(module, "plant"):
            module.plant(planter)
