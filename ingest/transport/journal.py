"""What was fetched before, one small file a source: the answer to "again?" without fetching.

Lives here: reading and writing the journal, and when a file's size and time may be believed.
Add here: another fact that saves fetching.
Must not live here: names or content of files (places are hashes); the registry's job, which knows what was taken in.

Losing the journal costs a second fetch and nothing else: landing names each delivery after its content, and the registry
knows content that was taken in before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.lake import write_text
from ingest.transport.codes import Code, PullError

#: A file that changed in the same moment as it was read could have the same size and time; one that lay still that long
#: before it was read cannot, clocks that differ by less included.
SETTLED_SECONDS = 120.0


@dataclass
class Journal:
    path: Path
    marks: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    contents: dict[str, str] = field(default_factory=dict[str, str])  # content -> when it was fetched, UTC

    @classmethod
    def read(cls, path: Path) -> Journal:
        """The journal of a source; empty when there is none. Raises PullError when it cannot be read."""
        if not path.exists():
            return cls(path)
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls(path, dict(raw["marks"]), dict(raw["contents"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise PullError(Code.JOURNAL) from None

    def unchanged(self, key: str, mark: str) -> bool:
        """True when what lies there was fetched, and size and time can be believed."""
        known = self.marks.get(key)
        return known is not None and known["mark"] == mark and known["settled"]

    def has(self, content: str) -> bool:
        return content in self.contents

    def note(self, key: str, mark: str, content: str, newest: float, now: float, when: str) -> None:
        """Remember a delivery that lies in landing, or that was there before. Written whole or not at all."""
        self.marks[key] = {"mark": mark, "content": content, "settled": newest + SETTLED_SECONDS < now}
        self.contents.setdefault(content, when)
        body = {"marks": self.marks, "contents": self.contents}
        write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", self.path)
