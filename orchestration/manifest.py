"""The dbt manifest: made by an explicit step, never parsed while Dagster imports.

Lives here: parsing the dbt project when its files changed, the fingerprint that says so, and reading the saved parse again.
Add here: nothing, unless dbt changes how a manifest is made.
Must not live here: running models.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.settings import Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: Where the lake is said to lie while the project is parsed. Nothing lies there: a path that was left standing fails, and never
#: reads the lake of another home.
LAKE_OF_NO_HOME = "/lake/of/no/home"
SAVED_PARSE, STAMP = "partial_parse.msgpack", "manifest.fingerprint"


class DbtFailed(RuntimeError):
    """dbt did not parse or build. The message carries dbt's own words about our models, never a row's value."""


def fingerprint(project_dir: Path) -> str:
    """A hash of every file of the dbt project that can change what it builds."""
    digest = hashlib.sha256()
    for path in sorted(project_dir.rglob("*")):
        inside = path.relative_to(project_dir)
        if inside.parts[0] in {"target", "logs"} or not path.is_file():
            continue
        if path.suffix in {".sql", ".yml", ".csv", ".md"}:
            digest.update(str(inside).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamp(files: str, parse: Path) -> str:
    """What a saved parse is good for: these files, read by this dbt, and every byte of it. Cut off, it may read as an empty project."""
    whole = hashlib.sha256(parse.read_bytes()).hexdigest()
    return f"{files} dbt-core {version('dbt-core')} dbt-duckdb {version('dbt-duckdb')} {whole}"


def _is_fresh(project_dir: Path) -> bool:
    target = project_dir / "target"
    made = all((target / name).exists() for name in ("manifest.json", SAVED_PARSE, STAMP))
    return made and (target / STAMP).read_text() == _stamp(fingerprint(project_dir), target / SAVED_PARSE)


def ensure_manifest(settings: Settings) -> Path:
    """The manifest's path, parsed again only when the project or dbt changed. Raises DbtFailed.

    It belongs to no home. It is made beside its place and moved there, so that two processes may make it at once.
    """
    if _is_fresh(settings.project_dir):
        return settings.manifest
    files, target = (
        fingerprint(settings.project_dir),
        settings.project_dir / "target",
    )  # before it is read: what changes meanwhile is parsed again
    target.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="parse-", dir=target))
    try:
        _parse(settings.project_dir, work)
        (work / STAMP).write_text(_stamp(files, work / SAVED_PARSE))
        for name in ("manifest.json", SAVED_PARSE, STAMP):
            (work / name).replace(target / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return settings.manifest


def _parse(project_dir: Path, target: Path) -> None:
    command = [
        sys.executable, "-m", "dbt.cli.main", "parse", "--project-dir", str(project_dir), "--profiles-dir", str(project_dir),
        "--target-path", str(target), "--log-level-file", "none", "--quiet", "--no-partial-parse",
    ]  # fmt: skip
    nowhere = {"SCP_LAKE": LAKE_OF_NO_HOME, "SCP_WAREHOUSE": f"{LAKE_OF_NO_HOME}/warehouse.duckdb"}
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, capture_output=True, text=True, check=False, env={**os.environ, **nowhere}
    )
    if done.returncode:
        raise DbtFailed(done.stdout[-4000:] + done.stderr[-1000:])


def saved_manifest(project_dir: Path, lake: str) -> "Manifest | None":
    """The saved parse with the sources of `lake`, or None where there is none of these files and this dbt.

    Parsing costs 17 of the 23 processor-seconds in which dbt starts; what it finds depends on the home by the lake's path only.
    """
    if not _is_fresh(project_dir):
        return None
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    packed = (project_dir / "target" / SAVED_PARSE).read_bytes()
    manifest = Manifest.from_msgpack(
        packed, decoder=lambda raw: _moved(extended_mashumuro_decoder(raw), lake)
    )
    manifest.build_flat_graph()
    return manifest


def _moved(value: Any, lake: str) -> Any:
    """The same value with the lake's own path wherever the stand-in stands."""
    if isinstance(value, str):
        return value.replace(LAKE_OF_NO_HOME, lake)
    if isinstance(value, Mapping):
        return {k: _moved(v, lake) for k, v in value.items()}
    return [_moved(v, lake) for v in value] if isinstance(value, list | tuple) else value
