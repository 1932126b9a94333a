"""Every machine-written file is exactly what the contracts make now. They are made once; every test looks at those."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.agreement import Agreements
from ingest.contract import Contracts, load_contracts
from ingest.projections import generate
from ingest.projections.dbt_sources import source_name


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts()


@pytest.fixture(scope="module")
def files(contracts: Contracts) -> generate.Files:
    return generate.generated_files(contracts)


@pytest.fixture
def made_once(contracts: Contracts, files: generate.Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verbs get the files above instead of making them again: what they do with them is what is tried."""

    def all_of_them(given: Contracts, agreements: Agreements | None = None) -> generate.Files:
        assert given is contracts
        return dict(files)

    def documents(given: Contracts, agreements: Agreements) -> generate.Files:
        found = all_of_them(given)
        return {p: c for p, c in found.items() if generate.DOCS in p.parents and p.name != "MANIFEST.md"}

    monkeypatch.setattr(generate, "generated_files", all_of_them)
    monkeypatch.setattr(generate, "document_files", documents)


@pytest.mark.usefixtures("made_once")
def test_committed_files_are_up_to_date(contracts: Contracts) -> None:
    assert generate.check(contracts) == [], "run: scp contracts generate"


def test_generating_twice_gives_the_same_bytes(contracts: Contracts, files: generate.Files) -> None:
    again = generate.generated_files(contracts)
    assert list(again) == list(files)
    assert [path for path in files if again[path] != files[path]] == []


def test_every_text_file_says_that_it_is_generated(files: generate.Files) -> None:
    texts = {p: c for p, c in files.items() if isinstance(c, str) and p.suffix != ".csv"}
    assert [p for p, text in texts.items() if generate.HEADER not in "\n".join(text.splitlines()[:2])] == []


def test_files_without_a_header_are_in_the_manifest(files: generate.Files) -> None:
    manifest = str(files[generate.DOCS / "MANIFEST.md"])
    assert [p for p in files if f"`{p.as_posix()}`" not in manifest] == []


def test_every_contract_has_its_documents_and_whoever_sends_it_a_template(
    contracts: Contracts, files: generate.Files
) -> None:
    templates = generate.DOCS / "templates"  # one file, or a folder of them
    handed_out = {Path(p.relative_to(templates).parts[0]).stem for p in files if templates in p.parents}
    missing: list[str] = []
    for extract in contracts.values():
        name = source_name(extract)
        pages = [f"dictionary/{name}.md", f"odcs/{name}.odcs.yaml"]
        if not extract.licence:  # nobody fills in open data
            pages.append(f"specifications/{name}.md")
            if name not in handed_out:
                missing.append(f"templates/{name}")
        missing += [page for page in pages if generate.DOCS / page not in files]
    assert missing == []


def test_no_generated_file_offers_a_column_that_must_not_be_sent(files: generate.Files) -> None:
    header = str(files[generate.DOCS / "templates" / "police__missing_episodes.csv"]).splitlines()[0]
    assert [word for word in ("Circumstances", "GradedBy") if word in header] == []
    sheet = str(files[generate.DOCS / "specifications" / "police__missing_episodes.md"])
    assert "**Do not send:** `GradedBy`, `Circumstances`" in sheet


@pytest.mark.usefixtures("made_once")
def test_the_export_is_the_documents_as_they_are(
    contracts: Contracts, files: generate.Files, tmp_path: Path
) -> None:
    written = {path.relative_to(tmp_path): path.read_bytes() for path in generate.export(contracts, tmp_path)}
    documents = {p.relative_to(generate.DOCS): c for p, c in files.items() if generate.DOCS in p.parents}
    assert set(documents) ^ set(written) == {Path("MANIFEST.md")}
    assert [p for p, content in written.items() if content != as_bytes(documents[p])] == []


@pytest.mark.usefixtures("made_once")
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


def test_the_coverage_table_of_the_readme_is_the_contracts(contracts: Contracts) -> None:
    page = (generate.REPOSITORY / generate.README).read_text(encoding="utf-8")
    assert f"{len(contracts)} extracts" in page
    rows = {key: f"| {e.code} | `{e.extract}` |" for key, e in contracts.items()}
    assert [key for key, row in rows.items() if row not in page] == []


@pytest.mark.usefixtures("made_once")
def test_a_coverage_table_that_is_not_the_contracts_is_found_and_mended(
    contracts: Contracts, tmp_path: Path
) -> None:
    page = (generate.REPOSITORY / generate.README).read_text(encoding="utf-8")
    (tmp_path / generate.README).write_text(
        page.replace("children in need census", "").replace("`cin_census`", "`census`")
    )
    assert "README.md: the coverage table is out of date" in generate.check(contracts, tmp_path)
    generate.write(contracts, tmp_path)
    assert generate.check(contracts, tmp_path) == []
