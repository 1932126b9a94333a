"""Published figures that travel with the repository, so that a fresh machine shows real comparators.

Lives here: `published/<extract>/<submitter>/<vintage>/`, ready to be landed, and how they were cut.
Add here: a newer vintage, cut with `cut.py`.
Must not live here: figures typed by hand; anything about a person.
"""

import os
import shutil
from pathlib import Path

from ingest.lake import Home

#: Lands as it is: `<extract>/<submitter>/<vintage>/<files>`, the layout of `landing/published/`.
PUBLISHED = Path(__file__).parent / "published"


def land(home: Home) -> int:
    """Put the reference files into the landing folder, as a sender would. Returns how many files are new there."""
    new = 0
    for source in sorted(p for p in PUBLISHED.rglob("*") if p.is_file() and p.suffix in {".csv", ".json"}):
        target = home.landing / "published" / source.relative_to(PUBLISHED)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        shutil.copyfile(source, partial)
        partial.replace(target)
        new += 1
    return new
