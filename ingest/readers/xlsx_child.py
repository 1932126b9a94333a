"""The child process that opens a workbook: limits first, then calamine, then JSON on stdout. Run as a script, never imported.

Lives here: the memory and processor limits, cells to text.
Add here: nothing that needs another import; every one is paid for each workbook.
Must not live here: what a cell means, and any import from this project: a hostile workbook must find an empty room.
"""

import json
import sys


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


def main() -> int:
    """Read a workbook from stdin; write the asked sheets, one JSON line each, in the order asked."""
    asked = json.loads(sys.argv[1])
    limit(asked["memory"], asked["seconds"])
    import io

    import python_calamine

    try:
        book = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        for name in asked["sheets"]:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            json.dump([[text(c) for c in row] for row in rows], sys.stdout)
            sys.stdout.write("\n")
    except python_calamine.PasswordError:
        return 3
    except MemoryError:
        return 4
    except Exception:
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
