"""Every machine-written file is exactly what the contracts make now."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.contract import Contracts, load_contracts
from ingest.projections import generate


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts()


def test_committed_files_are_up_to_date(contracts: Contracts) -> None:
    assert generate.check(contracts) == [], "run: scp contracts generate"


@pytest.mark.slow
def test_generating_twice_gives_the_same_bytes(contracts: Contracts) -> None:
    assert generate.generated_files(contracts) == generate.generated_files(contracts)


def test_every_text_file_says_that_it_is_generated(contracts: Contracts) -> None:
    for path, content in generate.generated_files(contracts).items():
        if isinstance(content, str) and path.suffix != ".csv":
            assert generate.HEADER in "\n".join(content.splitlines()[:2]), path


def test_files_without_a_header_are_in_the_manifest(contracts: Contracts) -> None:
    files = generate.generated_files(contracts)
    manifest = str(files[generate.DOCS / "MANIFEST.md"])
    assert [p for p in files if f"`{p.as_posix()}`" not in manifest] == []


@pytest.mark.slow
def test_check_names_what_differs_is_missing_or_has_no_contract(contracts: Contracts, tmp_path: Path) -> None:
    generate.write(contracts, tmp_path)
    assert generate.check(contracts, tmp_path) == []
    changed = tmp_path / generate.SOURCES / "police__missing_episodes.yml"
    changed.write_text(changed.read_text() + "# by hand\n")
    (tmp_path / generate.DOCS / "code_lists.md").unlink()
    (tmp_path / generate.DOCS / "stray.md").write_text("stray")
    problems = generate.check(contracts, tmp_path)
    assert [p.rsplit(" ", 3)[0].split("/")[-1].split(" ")[0] for p in problems] == [
        "police__missing_episodes.yml",
        "code_lists.md",
        "stray.md",
    ]
    assert len(generate.write(contracts, tmp_path)) == 3
    assert generate.check(contracts, tmp_path) == []


@pytest.mark.slow
def test_no_generated_file_offers_a_column_that_must_not_be_sent(
    contracts: Contracts, tmp_path: Path
) -> None:
    generate.export(contracts, tmp_path)
    header = (tmp_path / "templates" / "police__missing_episodes.csv").read_text().splitlines()[0]
    assert "Circumstances" not in header
    assert "GradedBy" not in header
    assert (
        "**Do not send:** `GradedBy`, `Circumstances`"
        in (tmp_path / "specifications" / "police__missing_episodes.md").read_text()
    )


@pytest.mark.slow
def test_the_coverage_table_of_the_readme_is_the_contracts(contracts: Contracts, tmp_path: Path) -> None:
    page = (generate.REPOSITORY / generate.README).read_text(encoding="utf-8")
    assert f"{len(contracts)} extracts" in page
    for extract in contracts.values():
        assert f"| {extract.code} | `{extract.extract}` |" in page, extract.key
    (tmp_path / generate.README).write_text(
        page.replace("children in need census", "").replace("`cin_census`", "`census`")
    )
    assert "README.md: the coverage table is out of date" in generate.check(contracts, tmp_path)
    generate.write(contracts, tmp_path)
    assert generate.check(contracts, tmp_path) == []
