"""Where a run works: one home folder, one landing folder, one set of contracts and agreements.

Lives here: the settings of a run and how they come from the environment.
Add here: a setting that a scheduler must be able to change.
Must not live here: secrets (they lie in files below the identity room) and anything read from data.
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ingest.agreement import Agreements, load_agreements
from ingest.contract import CONTRACTS_DIR, Contracts, load_contracts
from ingest.lake import Home
from ingest.transport import config as transport

PROJECT_DIR = Path(__file__).resolve().parents[1] / "dbt_project"
HOME_VARIABLE = "SCP_HOME"
LANDING_VARIABLE = "SCP_LANDING"
TRANSPORT_VARIABLE = "SCP_TRANSPORT"

#: Every tool that would call home is told not to, before any of them is imported.
QUIET = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}


@dataclass(frozen=True)
class Settings:
    """Everything a run needs to know before it looks at data."""

    home: Home
    landing_override: Path | None = None
    transport_override: Path | None = None
    contracts_dir: Path = CONTRACTS_DIR
    project_dir: Path = field(default=PROJECT_DIR)

    @classmethod
    def from_environment(cls) -> "Settings":
        """Settings of the process: SCP_HOME (default ./data), SCP_LANDING (default <home>/landing) and SCP_TRANSPORT
        (default <home>/transport.yml).
        """
        landing = os.environ.get(LANDING_VARIABLE)
        sources = os.environ.get(TRANSPORT_VARIABLE)
        return cls(
            home=Home(Path(os.environ.get(HOME_VARIABLE, "data")).resolve()),
            landing_override=Path(landing).resolve() if landing else None,
            transport_override=Path(sources).resolve() if sources else None,
        )

    @property
    def landing(self) -> Path:
        return self.landing_override or self.home.landing

    @property
    def transport(self) -> Path:
        """The file that says where deliveries are fetched from."""
        return self.transport_override or self.home.root / transport.FILE

    @cached_property
    def contracts(self) -> Contracts:
        return load_contracts(self.contracts_dir)

    @cached_property
    def agreements(self) -> Agreements:
        return load_agreements()

    @property
    def manifest(self) -> Path:
        return self.project_dir / "target" / "manifest.json"

    def export(self) -> None:
        """Tell child processes and dbt where to work. Paths only; no secret ever goes this way."""
        os.environ.update(QUIET)
        os.environ[HOME_VARIABLE] = str(self.home.root)
        if self.landing_override:
            os.environ[LANDING_VARIABLE] = str(self.landing_override)
        if self.transport_override:
            os.environ[TRANSPORT_VARIABLE] = str(self.transport_override)
        os.environ["SCP_LAKE"] = str(self.home.lake)
        os.environ["SCP_WAREHOUSE"] = str(self.home.warehouse / ".building" / "warehouse.duckdb")
        os.environ["DAGSTER_HOME"] = str(self.home.dagster)
