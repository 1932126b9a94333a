"""A SYNTHETIC home in which one pair waits for people: council and police give one NHS number two birth dates.

Lives here: the deliveries. Must not live here: assertions.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.small_landing import council_episode, la12, po01, police_episode
from tests.support.small_persons import Persons, make_empty

NHS = "9990000018"
#: What must never be shown or written: it agrees, or only one of the two has it.
AGREES = (NHS, f"{NHS[:3]} {NHS[3:6]} {NHS[6:]}", "Zqforename", "Zqsurname", "ST16 2LH")
#: What a reviewer sees on a terminal, and nobody anywhere else.
DIFFERS = ("09/03/2012", "14/07/2009", "ZqChild77", "ZqNominal7")


def waiting(root: Path) -> Persons:
    """Take both files in; the last link leaves one pair to people."""
    out = make_empty(root)
    la12(
        out.landing,
        [
            council_episode(1, la_child_id=DIFFERS[2], nhs_number=NHS, birth_date=DIFFERS[0]),
            council_episode(2),
        ],
    )
    po01(
        out.landing,
        [
            police_episode(1),
            police_episode(
                2,
                nominal_ref=DIFFERS[3],
                nhs_number=NHS,
                birth_date=DIFFERS[1],
                forename=AGREES[2],
                surname=AGREES[3],
            ),
        ],
        received_at="2025-06-10T09:00:00",
    )
    out.take_in()
    return out
