"""The dbt manifest: made by an explicit step, never parsed while Dagster imports.

Lives here: parsing the dbt project when its files changed, and the fingerprint that says so.
Add here: nothing, unless dbt changes how a manifest is made.
Must not live here: running models.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from orchestration.settings import Settings


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


def ensure_manifest(settings: Settings) -> Path:
    """The manifest's path, parsed again only when the project changed. Raises DbtFailed."""
    target = settings.project_dir / "target"
    stamp = target / "manifest.fingerprint"
    wanted = fingerprint(settings.project_dir)
    if settings.manifest.exists() and stamp.exists() and stamp.read_text() == wanted:
        return settings.manifest
    settings.export()
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        "parse",
        "--project-dir",
        str(settings.project_dir),
        "--profiles-dir",
        str(settings.project_dir),
        "--target-path",
        str(target),
        "--log-level-file",
        "none",
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise DbtFailed(done.stdout[-4000:] + done.stderr[-1000:])
    stamp.write_text(wanted)
    return settings.manifest
