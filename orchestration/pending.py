"""What lies in the landing folder and has not been taken in.

Lives here: comparing deliveries with the registry, and naming the partition that each belongs to.
Add here: another reason why a delivery waits.
Must not live here: reading rows for any other purpose than the period and the submitter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingest import landing, readers, registry
from ingest.lake import write_text
from ingest.readers.base import Refused, clean_name
from orchestration.settings import Settings

#: The list of strangers, beside the receipts.
NOT_RECOGNISED = "not_recognised.txt"


@dataclass(frozen=True)
class Pending:
    """One delivery that waits, and the partition that its folder, manifest or content states."""

    delivery: landing.Delivery
    period: str
    submitter: str


def arrived(settings: Settings) -> tuple[list[landing.Delivery], list[landing.Delivery]]:
    """Everything in the landing folder, in a stable order: what a contract recognises, and what none does."""
    seen = landing.discover(settings.landing, settings.contracts)
    return [d for d in seen if d.key], [d for d in seen if not d.key]


def deliveries(settings: Settings) -> list[landing.Delivery]:
    """Everything recognised in the landing folder, in a stable order."""
    return arrived(settings)[0]


def note_strangers(settings: Settings, strangers: Iterable[landing.Delivery]) -> list[str]:
    """Keep the list of files that no contract recognises, with the reason; nothing is ever left out in silence."""
    lines = sorted(
        f"{_shown(path, settings.landing)}: {delivery.why}"
        for delivery in strangers
        for path in delivery.files
    )
    path = settings.home.receipts / NOT_RECOGNISED
    text = "\n".join(
        [f"{len(lines)} files of the landing folder were not recognised and not taken in.", *lines, ""]
    )
    if lines or path.exists():
        write_text(text, path)
    return lines


def _shown(path: Path, landing_folder: Path) -> str:
    """Where a file lies below the landing folder, safe to print."""
    inside = path.relative_to(landing_folder).parts or (path.name,)
    return "/".join(clean_name(part) for part in inside)


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
