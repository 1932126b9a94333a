"""`scp-dbt`: dbt as a command that starts from the saved parse, and is dbt in every other way.

Lives here: handing dbt the manifest that `ensure_manifest` saved.
Add here: nothing, unless dbt learns to move a saved parse to another lake itself.
Must not live here: parsing (manifest.py); what is built (warehouse.py).
"""

import os
import sys
from importlib.metadata import version

from orchestration.manifest import saved_manifest
from orchestration.settings import PROJECT_DIR

#: Commands that look at no model, or that are asked to read the files themselves.
WITHOUT_MANIFEST = {"parse", "debug", "deps", "clean"}


def main() -> None:
    """Run dbt with the arguments of the process; ends with dbt's own exit codes: 0 done, 1 something failed, 2 not started."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # Dagster asks before every build; dbt's own answer asks PyPI
        print(f"Core:\n  - installed: {version('dbt-core')}")
        return
    from dbt.cli.exceptions import DbtUsageException
    from dbt.cli.main import dbtRunner

    needed = not WITHOUT_MANIFEST & set(arguments) and "SCP_LAKE" in os.environ
    done = dbtRunner(saved_manifest(PROJECT_DIR, os.environ["SCP_LAKE"]) if needed else None).invoke(
        arguments
    )
    if isinstance(done.exception, DbtUsageException):
        print(done.exception, file=sys.stderr)  # every other one dbt has told already
    sys.exit(0 if done.success else 1 if done.exception is None else 2)


if __name__ == "__main__":
    main()
