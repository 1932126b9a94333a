"""Published figures that travel with the repository, so that a fresh machine shows real comparators.

Lives here: `published/<extract>/<submitter>/<vintage>/`, ready to be landed, and how they were cut.
Add here: a newer vintage, cut with `cut.py`.
Must not live here: figures typed by hand; anything about a person.
"""

from pathlib import Path

#: Lands as it is: `<extract>/<submitter>/<vintage>/<files>`, the layout of `landing/published/`.
PUBLISHED = Path(__file__).parent / "published"
