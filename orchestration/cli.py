"""`scp`: the command line of the warehouse.

Lives here: commands, their options and what they print.
Add here: a command that a data engineer or an analyst types.
Must not live here: what the commands do; heavy imports at the top (each command imports its own, so help is instant).
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration.identity_cli import identity_app
from orchestration.person_cli import person_app
from orchestration.settings import QUIET, TRANSPORT_VARIABLE, Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The safeguarding partnership warehouse: from a sender's file to a published figure.",
)
contracts_app = typer.Typer(no_args_is_help=True, help="Contracts and everything that is made from them.")
receipts_app = typer.Typer(no_args_is_help=True, help="What senders were told.")
release_app = typer.Typer(no_args_is_help=True, help="Releases.")
app.add_typer(contracts_app, name="contracts")
app.add_typer(receipts_app, name="receipts")
app.add_typer(release_app, name="release")
app.add_typer(person_app, name="person")
app.add_typer(identity_app, name="identity")

out = Console(highlight=False, soft_wrap=True)


@app.callback()
def main(
    home: Annotated[
        Path,
        typer.Option(
            help="The home folder: landing, identity, lake, warehouse, releases.", envvar="SCP_HOME"
        ),
    ] = Path("data"),
    landing: Annotated[
        Path | None,
        typer.Option(help="Take files from here instead of <home>/landing.", envvar="SCP_LANDING"),
    ] = None,
) -> None:
    """Settings for every command."""
    os.environ.update(QUIET)
    os.environ["SCP_HOME"] = str(home.resolve())
    if landing:
        os.environ["SCP_LANDING"] = str(landing.resolve())


def settings() -> Settings:
    return Settings.from_environment()


@app.command()
def run(
    synthetic: Annotated[
        bool, typer.Option(help="Make the synthetic partnership first, unless it is there.")
    ] = False,
    size: Annotated[float, typer.Option(help="Share of the true population: 1.0 is 237,324 children.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic partnership.")] = 2026,
) -> None:
    """Take in everything that waits, build the warehouse, publish a release. Does nothing when nothing is new."""
    from orchestration.run import run as run_all

    here = settings()
    if synthetic:
        make_synthetic(size, seed)
    with told():
        outcome = run_all(here, say)
    show_outcome(here, outcome)


@app.command()
def synthetic(size: float = 1.0, seed: int = 2026) -> None:
    """Write a synthetic partnership and its truth file. Synthetic: no row is about a real child."""
    make_synthetic(size, seed)


@app.command()
def pull(
    only: Annotated[str | None, typer.Option(help="Only the source of this name.")] = None,
    transport: Annotated[
        Path | None,
        typer.Option(
            help="The file that declares the sources, instead of <home>/transport.yml.",
            envvar=TRANSPORT_VARIABLE,
        ),
    ] = None,
) -> None:
    """Fetch new deliveries from where partners leave them into the landing folder. docs/transport.md has the rest."""
    from orchestration.pulling import pull_all

    if transport:
        os.environ[TRANSPORT_VARIABLE] = str(transport.resolve())
    with told():
        outcomes = pull_all(settings(), only)
    if not outcomes:
        raise Stop(
            "no source of that name" if only else "the transport file declares no source that is enabled"
        )
    for outcome in outcomes:
        for line in outcome.says():
            out.print(f"{outcome.source}: {line}", markup=False)
    if any(outcome.failed for outcome in outcomes):
        raise Stop("some sources need attention; what the others had was fetched")


@app.command("take-in")
def take_in() -> None:
    """Take in what waits in the landing folder, without building or publishing."""
    from orchestration.run import take_in_only

    with told():
        outcome = take_in_only(settings(), say)
    show_outcome(settings(), outcome)


@app.command()
def build() -> None:
    """Build the warehouse from the lake."""
    from orchestration.run import job_only

    with told():
        job_only(settings(), "build_warehouse", say)


@app.command()
def publish() -> None:
    """Publish a release of the warehouse in force."""
    from orchestration.run import job_only

    with told():
        job_only(settings(), "publish_release", say)


@app.command()
def query(sql: Annotated[str, typer.Argument(help="One SQL statement, read-only.")]) -> None:
    """Ask the warehouse in force, as an analyst would."""
    import duckdb

    from orchestration.warehouse_file import current

    path = current(settings().home)
    if path is None:
        raise Stop("there is no warehouse yet: `scp run` makes one")
    with duckdb.connect(
        str(path), read_only=True, config={"autoinstall_known_extensions": "false"}
    ) as connection:
        connection.execute("set enable_external_access = false")
        try:
            out.print(str(connection.sql(sql)), markup=False)
        except duckdb.Error as error:
            raise Stop(str(error)) from None


@app.command()
def dagster(port: int = 3000) -> None:
    """Start Dagster on localhost, with the last run visible."""
    import subprocess
    import sys

    from orchestration.run import prepare_dagster_home

    here = settings()
    here.export()
    prepare_dagster_home(here.home)
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "--module-name",
        "orchestration.definitions",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own arguments


@contracts_app.command("list")
def contracts_list() -> None:
    """Every extract: who sends it, in what, how often."""
    table = Table("extract", "code", "format", "cadence", "submitters", "tables", "rules")
    from ingest.contract import derived_rules

    for key, extract in settings().contracts.items():
        rules = sum(len(derived_rules(extract, t)) for t in extract.tables)
        table.add_row(
            key,
            extract.code,
            extract.delivery.format,
            extract.delivery.cadence,
            ", ".join(extract.submitters),
            str(len(extract.tables)),
            str(rules),
        )
    out.print(table)


@contracts_app.command("new")
def contracts_new(key: Annotated[str, typer.Argument(help="agency/extract")]) -> None:
    """Write the two files that a new extract needs: a contract and a staging model, to be filled in."""
    from orchestration.scaffold import scaffold

    for path in scaffold(key, settings()):
        out.print(f"wrote {path}")


@contracts_app.command("check")
def contracts_check() -> None:
    """Load every contract and compare every generated file byte for byte."""
    from ingest.projections.generate import check

    stale = check(settings().contracts)
    for line in stale:
        out.print(line, markup=False)
    if stale:
        raise Stop("run `make docs` and commit what changes")
    out.print(f"{len(settings().contracts)} contracts; every generated file is up to date")


@contracts_app.command("generate")
def contracts_generate() -> None:
    """Write every generated file again."""
    from ingest.projections.generate import write

    changed = write(settings().contracts)
    out.print(f"{len(changed)} generated files changed")


@contracts_app.command("export")
def contracts_export(folder: Path) -> None:
    """Export every contract in the Open Data Contract Standard, for other tools."""
    from ingest.projections.odcs import export

    out.print(f"{export(settings().contracts, folder)} contracts written to {folder}")


@receipts_app.command("list")
def receipts_list(status: str | None = None) -> None:
    """Every submission and what became of it."""
    from ingest import registry

    table = Table(
        "submission", "extract", "period", "submitter", "status", "received", "accepted", "rejected"
    )
    for row in registry.submissions(settings().home).to_pylist():
        if status is None or row["status"] == status:
            table.add_row(
                row["submission_id"],
                row["extract"],
                row["period"],
                row["submitter"],
                row["status"],
                str(row["rows_received"]),
                str(row["rows_accepted"]),
                str(row["rows_rejected"]),
            )
    out.print(table)


@receipts_app.command("show")
def receipts_show(submission: str) -> None:
    """The receipt of one submission, as its sender reads it."""
    path = settings().home.receipts / f"{Path(submission).name}.txt"
    if not path.exists():
        raise Stop("no such receipt; `scp receipts list` shows them")
    out.print(path.read_text(encoding="utf-8"), markup=False)


@release_app.command("show")
def release_show() -> None:
    """The release in force and the rules that were applied to it."""
    from orchestration.warehouse_file import current_release

    folder = current_release(settings().home)
    if folder is None:
        raise Stop("there is no release yet: `scp run` makes one")
    out.print(f"{folder}\n{(folder / 'release.json').read_text(encoding='utf-8')}", markup=False)


class Stop(typer.Exit):
    """End with a plain sentence and exit code 1."""

    def __init__(self, message: str) -> None:
        Console(stderr=True, highlight=False).print(message, markup=False)
        super().__init__(1)


@contextmanager
def told() -> Generator[None, None, None]:
    """A step that fails, or a home that is in use, is said in a sentence."""
    from ingest.transport.config import TransportError
    from orchestration.locking import Busy
    from orchestration.run import RunFailed

    try:
        yield
    except (Busy, RunFailed, TransportError) as why:
        raise Stop(str(why)) from None


def say(text: str) -> None:
    out.print(f"· {text}", markup=False)


def make_synthetic(size: float, seed: int) -> None:
    from ingest.synthetic.partnership import make

    say("making the synthetic partnership (no row is about a real child)")
    make(settings().home, size, seed)


def show_outcome(here: Settings, outcome) -> None:
    from orchestration.warehouse_file import current, current_release

    if outcome.unchanged:
        out.print("nothing new: the release in force is up to date")
    for step, seconds in outcome.seconds.items():
        out.print(f"  {step:<14}{seconds:>7.1f} s")
    release, warehouse = current_release(here.home), current(here.home)
    if release:
        out.print(f"report     {release / 'report' / 'index.html'}")
    if warehouse:
        out.print(f"warehouse  {warehouse}")
    out.print(f"receipts   {here.home.receipts}")
    if outcome.refused:
        out.print(f"{len(outcome.refused)} deliveries were refused; their receipts say why")
    if outcome.not_recognised:
        show_strangers(here, outcome.not_recognised)


def show_strangers(here: Settings, names: list[str], shown: int = 10) -> None:
    """Files that nothing recognised, by name: silence would look like having read them."""
    from orchestration.pending import NOT_RECOGNISED

    out.print(
        f"landing    {len(names)} files were not recognised; {here.home.receipts / NOT_RECOGNISED} lists them"
    )
    for name in names[:shown]:
        out.print(f"  {name}", markup=False)
    if len(names) > shown:
        out.print(f"  and {len(names) - shown} more")


if __name__ == "__main__":
    app()
