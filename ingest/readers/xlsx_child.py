"""The child process that opens a workbook: limits first, then calamine, then columns of text on stdout. Run as a script, never imported.

Lives here: the memory and processor limits, cells to text, columns to bytes.
Add here: nothing that needs another import from outside the standard library; every one is paid for each workbook.
Must not live here: what a cell means, and any import from this project: a hostile workbook must find an empty room.

What it writes, a sheet after the other in the order asked: blocks of at most ROWS rows, and one block of no rows at the
sheet's end. A block is a line of JSON (`rows`, `left`: empty columns on the left, `bytes`: the length of each column's
text) and then, for each column, `rows + 1` offsets of 32 bits and the text itself: what Arrow holds a column of strings in,
so that the parent makes one of it without looking at a cell.
"""

from __future__ import annotations

import json
import sys
from array import array
from itertools import accumulate, islice

ROWS = 10_000


def limit(memory: int, seconds: int) -> None:
    """Hold the process to its share; where the platform has no such limits, the parent's clock is the only one."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def text(cell: object) -> str:
    """A cell as the sender means it: whole numbers without `.0`, dates as ISO 8601, text untouched."""
    kind = cell.__class__
    if kind is str:
        return cell  # type: ignore[return-value]
    if kind is float:
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # type: ignore[attr-defined]
    if kind is bool:
        return "TRUE" if cell else "FALSE"
    if kind.__name__ == "datetime":
        return cell.isoformat(sep=" ")  # type: ignore[attr-defined]
    if kind.__name__ in ("date", "time"):
        return cell.isoformat()  # type: ignore[attr-defined]
    return "" if cell is None else str(cell)


class Texts(dict[object, str]):
    """Cell -> text, worked out once for each different cell: days, counts and codes repeat."""

    def __missing__(self, cell: object) -> str:
        self[cell] = found = text(cell)
        return found


def column(cells: tuple[object, ...]) -> tuple[array[int], bytes]:
    """A column as offsets and bytes."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        texts: list[str] = cells  # type: ignore[assignment]
    elif bool in kinds:  # True and 1.0 are one key
        texts = [text(c) for c in cells]
    else:
        texts = list(map(Texts().__getitem__, cells))
    whole = "".join(texts)
    lengths = map(len, texts) if whole.isascii() else (len(t.encode()) for t in texts)
    return array("i", accumulate(lengths, initial=0)), whole.encode()


def write_sheet(sheet: object) -> None:
    """The sheet's rows from its first on, as blocks."""
    out = sys.stdout.buffer
    left = sheet.start[1] if sheet.start else 0  # type: ignore[attr-defined]
    rows = sheet.iter_rows()  # type: ignore[attr-defined]
    while block := list(islice(rows, ROWS)):
        columns = [column(cells) for cells in zip(*block, strict=True)]
        head = {"rows": len(block), "left": left, "bytes": [len(whole) for _, whole in columns]}
        out.write(json.dumps(head).encode() + b"\n")
        for offsets, whole in columns:
            out.write(offsets.tobytes())
            out.write(whole)
    out.write(b'{"rows": 0}\n')


def main() -> int:
    """Read a workbook from stdin; write the asked sheets."""
    asked = json.loads(sys.argv[1])
    limit(asked["memory"], asked["seconds"])
    import io

    import python_calamine

    try:
        book = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        for name in asked["sheets"]:
            write_sheet(book.get_sheet_by_name(name))
        sys.stdout.buffer.flush()
    except python_calamine.PasswordError:
        return 3
    except MemoryError:
        return 4
    except Exception:
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
