"""What lies in the landing folder and has not been taken in.

Lives here: comparing deliveries with the registry, and naming the partition that each belongs to.
Add here: another reason why a delivery waits.
Must not live here: reading rows for any other purpose than the period and the submitter.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ingest import landing, readers, registry
from ingest.readers.base import Refused
from orchestration.settings import Settings


@dataclass(frozen=True)
class Pending:
    """One delivery that waits, and the partition that its folder, manifest or content states."""

    delivery: landing.Delivery
    period: str
    submitter: str


def deliveries(settings: Settings) -> list[landing.Delivery]:
    """Everything recognised in the landing folder, in a stable order."""
    return [d for d in landing.discover(settings.landing, settings.contracts) if d.key]


def pending(settings: Settings, found: Iterable[landing.Delivery] | None = None) -> list[Pending]:
    """Deliveries whose content the registry does not have.

    The truth is the registry, not Dagster's log or a sensor's cursor: a wake-up that was lost costs nothing.
    """
    known = registry.known_contents(settings.home, settings.agreements)
    waiting = [
        d for d in (deliveries(settings) if found is None else found) if (d.key, d.sha256) not in known
    ]
    return [place(settings, d) for d in waiting]


def place(settings: Settings, delivery: landing.Delivery) -> Pending:
    """The partition of a delivery: from its manifest or folder, else from its content."""
    extract = settings.contracts[delivery.key or ""]
    period = delivery.manifest.get("period") or delivery.path_period
    submitter = delivery.manifest.get("submitter") or delivery.path_submitter
    if period and submitter in extract.submitters:
        return Pending(delivery, str(period), str(submitter))
    try:
        read = readers.read(delivery, extract, settings.contracts)
        resolved = landing.resolve(read, delivery, extract, settings.contracts)
    except Refused:
        return Pending(delivery, "", "")  # its own receipt will say why; no partition can be named
    return Pending(delivery, resolved.period.id, resolved.submitter)
