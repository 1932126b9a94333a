"""The warehouse file: built where nobody sees it, read whole by a second process, renamed into place.

Lives here: the file's life, and whether it was made from what lies in the lake now.
Add here: another property that a file must have before it is in force.
Must not live here: Dagster or dbt, so that "nothing to do" is known in a second.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from ingest import registry
from ingest.lake import Home, write_text
from orchestration.audit import build_id
from orchestration.manifest import fingerprint
from orchestration.settings import Settings

#: The file's own name never changes: views remember the name of the catalogue that they were made in.
FILE = "warehouse.duckdb"


def building(home: Home) -> Path:
    """The file that dbt builds into, in a folder that nobody looks at."""
    return home.warehouse / ".building" / FILE


def fresh_file(home: Home, *, keep_current: bool = False) -> Path:
    """The file to build into: new, or a copy of the one in force when only some models are asked for."""
    path = building(home)
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    now = current(home)
    if keep_current and now is not None:
        shutil.copyfile(now, path)
    return path


def current(home: Home) -> Path | None:
    """The warehouse file in force, or None before the first build."""
    return _pointed(home.warehouse)


def current_release(home: Home) -> Path | None:
    """The folder of the release in force, or None before the first."""
    return _pointed(home.releases)


def _pointed(folder: Path) -> Path | None:
    pointer = folder / "current"
    if not pointer.exists():
        return None
    path = folder / pointer.read_text().strip()
    return path if path.exists() else None


def inputs(settings: Settings) -> str:
    """A hash of everything that decides what the warehouse holds: submissions, persons, contracts, models."""
    digest = hashlib.sha256()
    digest.update(json.dumps(registry.fingerprint(settings.home)).encode())
    for path in sorted(settings.home.person_map.parent.glob("*/*.parquet")):
        digest.update(path.read_bytes())
    for path in sorted(
        settings.home.pipeline("erased_rows").glob("*.parquet")
    ):  # submissions that lost rows since
        digest.update(path.name.encode() + path.read_bytes())
    for path in sorted(settings.contracts_dir.rglob("*.yml")):
        digest.update(path.read_bytes())
    digest.update(fingerprint(settings.project_dir).encode())
    return digest.hexdigest()


def is_current(settings: Settings) -> bool:
    """True when the warehouse in force was made from exactly what lies in the lake now."""
    path = current(settings.home)
    if path is None:
        return False
    stamp = path.parent / "inputs.json"
    return stamp.exists() and json.loads(stamp.read_text())["inputs"] == inputs(settings)


def is_published(settings: Settings) -> bool:
    """True when the release in force was made from the warehouse in force."""
    made_from = settings.home.releases / "made_from"
    return (
        current_release(settings.home) is not None
        and made_from.exists()
        and made_from.read_text() == release_inputs(settings)
    )


def release_inputs(settings: Settings) -> str:
    """What the release in force was made from: the warehouse file, and the code that publishes."""
    digest = hashlib.sha256()
    for path in sorted((settings.project_dir.parent / "publish").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    path = current(settings.home)
    return f"{path.parent.name if path else ''} {digest.hexdigest()}"


def publish_warehouse(settings: Settings) -> tuple[str, int]:
    """Audit the file that dbt closed and rename it into place. Returns its name and its number of tables.

    Raises RuntimeError when the file was not closed or cannot be read back whole; the one in force stays.
    """
    home, path = settings.home, building(settings.home)
    if Path(f"{path}.wal").exists():
        raise RuntimeError("the new warehouse file was not closed: it has a write-ahead log")
    done = subprocess.run(  # noqa: S603 - our own module on our own file
        [sys.executable, "-m", "orchestration.audit", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError("the new warehouse file cannot be read back whole")
    found: dict[str, str] = json.loads(done.stdout)
    name = build_id(found)
    write_text(
        json.dumps({"inputs": inputs(settings), "content": found}, indent=1), path.parent / "inputs.json"
    )
    put_in_force(home, name)
    return name, len(found)


def put_in_force(home: Home, name: str) -> None:
    """Rename the audited folder, point at it, then remove what was in force before."""
    target = home.warehouse / name
    if (
        target.exists()
    ):  # the same content was built before; a pointer may still name it, so it is never removed first
        (building(home).parent / "inputs.json").replace(target / "inputs.json")
    else:
        building(home).parent.rename(target)
    write_text(f"{name}/{FILE}", home.warehouse / "current")
    for old in home.warehouse.iterdir():
        if old.is_dir() and old.name != name:
            shutil.rmtree(old)
