"""Everything that is machine-written from contracts and committed: listed, written, compared byte for byte.

Lives here: the list of generated files and the three verbs on it: build, write, check.
Add here: a new kind of generated file (one line in `generated_files`).
Must not live here: how one kind of file is made; that is one module each beside this one.

A file is machine-written or hand-written, never both. `docs/generated/MANIFEST.md` names them all, for those that
cannot carry a header (CSV seeds, workbooks).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from ingest.agreement import Agreements, load_agreements
from ingest.calendar import bank_holidays
from ingest.contract import Contracts, RuleKind
from ingest.projections.agreement_fields import agreement_fields
from ingest.projections.agreement_page import agreement_page
from ingest.projections.child_sighting import NAME as CHILD_SIGHTING
from ingest.projections.child_sighting import child_sighting_sql, child_sighting_yaml
from ingest.projections.coverage import coverage_table
from ingest.projections.dbt_sources import source_name, source_yaml
from ingest.projections.dictionary import code_lists_page, dictionary_page, dictionary_rows
from ingest.projections.odcs import odcs_yaml
from ingest.projections.specification import specification
from ingest.projections.template import template_files
from ingest.projections.wording import md_table

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = Path("dbt_project/models/sources/generated")
MODELS = Path("dbt_project/models/conformed/generated")
SEEDS = Path("dbt_project/seeds")
DOCS = Path("docs/generated")

README = Path("README.md")
#: The one part of a hand-written page that is machine-written, so that what the first page promises is what the contracts hold.
BEGIN, END = "<!-- coverage: generated from contracts; do not edit -->", "<!-- coverage ends -->"

HEADER = "Generated from contracts; do not edit."

Files = dict[Path, str | bytes]


def generated_files(contracts: Contracts, agreements: Agreements | None = None) -> Files:
    """Path below the repository -> content, in a stable order. The same contracts give the same bytes."""
    agreements = agreements if agreements is not None else load_agreements()
    out: Files = {}
    out |= dbt_source_files(contracts)
    out |= dbt_model_files(contracts)
    out |= seed_files(contracts)
    out[SEEDS / "agreement_field.csv"] = _csv(agreement_fields(agreements, contracts))
    out |= document_files(contracts, agreements)
    out[DOCS / "MANIFEST.md"] = _manifest({*out, DOCS / "MANIFEST.md"})
    return dict(sorted(out.items()))


def dbt_source_files(contracts: Contracts) -> Files:
    return {
        SOURCES / f"{source_name(extract)}.yml": f"# {HEADER}\n{source_yaml(extract)}"
        for extract in contracts.values()
    }


def dbt_model_files(contracts: Contracts) -> Files:
    """Models that say nothing but what the contracts say."""
    return {
        MODELS / f"{CHILD_SIGHTING}.sql": f"-- {HEADER}\n{child_sighting_sql(contracts)}",
        MODELS / f"{CHILD_SIGHTING}.yml": f"# {HEADER}\n{child_sighting_yaml()}",
    }


def seed_files(contracts: Contracts) -> Files:
    holidays = [
        ("holiday_date", "holiday_name"),
        *((d.isoformat(), name) for d, name in bank_holidays().items()),
    ]
    codes = [("code_list", "code", "label", "maps_to", "broad", "from_year", "to_year")]
    for name, codelist in sorted(contracts.codelists.items()):
        codes += [
            (
                name,
                c.code,
                c.label,
                c.maps_to or "",
                c.broad or "",
                str(c.from_year or ""),
                str(c.to_year or ""),
            )
            for c in codelist.codes
        ]
    senders = [("submitter", "submitter_title", "agency", "area_code", "la_code")]
    senders += [
        (s.name, s.title, agency.agency, s.area_code or "", s.la_code or "")
        for agency in contracts.agencies.values()
        for s in agency.submitters
    ]
    past = [("rule_id", "agency", "extract", "table_name", "column_name", "severity", "fixes", "says")]
    past += [
        (r.id, e.agency, e.extract, t.name, r.columns[0], r.severity.value, r.fixes, r.says)
        for e in contracts.values()
        for t in e.tables
        for r in t.rules
        if r.kind is RuleKind.history
    ]
    return {
        SEEDS / "bank_holidays.csv": _csv(holidays),
        SEEDS / "code_list.csv": _csv(codes),
        SEEDS / "history_rule.csv": _csv(past),
        SEEDS / "submitter.csv": _csv(senders),
    }


def document_files(contracts: Contracts, agreements: Agreements) -> Files:
    """What people and other tools read: dictionary, specifications, templates, ODCS, agreements."""
    out: Files = {DOCS / "code_lists.md": _page(code_lists_page(contracts))}
    for key, extract in contracts.items():
        name = source_name(extract)
        out[DOCS / "dictionary" / f"{name}.md"] = _page(dictionary_page(extract, agreements))
        out[DOCS / "odcs" / f"{name}.odcs.yaml"] = f"# {HEADER}\n{odcs_yaml(contracts, key, agreements)}"
        if not extract.licence:  # nobody needs to be told how to publish statistics
            out[DOCS / "specifications" / f"{name}.md"] = _page(specification(contracts, key, agreements))
        for file, content in template_files(contracts, key, agreements).items():
            out[DOCS / "templates" / file] = content
    rows = dictionary_rows(contracts, agreements)
    cells = [
        tuple("" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in r.values())
        for r in rows
    ]
    out[DOCS / "dictionary" / "dictionary.csv"] = _csv([tuple(rows[0]), *cells])
    for agreement in agreements.values():
        out[DOCS / "agreements" / f"{agreement.id}.md"] = _page(agreement_page(agreement, contracts))
    return out


def export(contracts: Contracts, target: Path, agreements: Agreements | None = None) -> list[Path]:
    """Write the documents alone below `target`, to hand to a partner. Returns the files written."""
    agreements = agreements if agreements is not None else load_agreements()
    written: list[Path] = []
    for path, content in document_files(contracts, agreements).items():
        out = target / path.relative_to(DOCS)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(_bytes(content))
        written.append(out)
    return written


def write(contracts: Contracts, root: Path = REPOSITORY) -> list[Path]:
    """Write every generated file that differs and remove those that no contract makes any more. Returns what changed."""
    changed: list[Path] = []
    files = generated_files(contracts)
    for path, content in files.items():
        target = root / path
        if _bytes(content) != (target.read_bytes() if target.exists() else None):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_bytes(content))
            changed.append(path)
    for path in _orphans(files, root):
        (root / path).unlink()
        changed.append(path)
    page = _readme_now(contracts, root)
    if page and page[0] != page[1]:
        (root / README).write_text(page[1], encoding="utf-8")
        changed.append(README)
    return changed


def readme(contracts: Contracts, text: str) -> str:
    """The README with its coverage table made anew. A page without the marks is left alone."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{coverage_table(contracts)}\n\n{end}{after}" if begin and end else text


def _readme_now(contracts: Contracts, root: Path) -> tuple[str, str] | None:
    """The README as it is and as it should be; None where there is no README (a test's folder)."""
    path = root / README
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    return text, readme(contracts, text)


def check(contracts: Contracts, root: Path = REPOSITORY) -> list[str]:
    """What is out of date, one plain line each; empty when every generated file is as the contracts make it."""
    files = generated_files(contracts)
    out: list[str] = []
    for path, content in files.items():
        target = root / path
        if not target.exists():
            out.append(f"{path} is missing")
        elif target.read_bytes() != _bytes(content):
            out.append(f"{path} is out of date")
    page = _readme_now(contracts, root)
    if page and page[0] != page[1]:
        out.append(f"{README}: the coverage table is out of date")
    return out + [f"{path} comes from no contract" for path in _orphans(files, root)]


def _orphans(files: Mapping[Path, str | bytes], root: Path) -> list[Path]:
    folders = (SOURCES, MODELS, DOCS)
    present = (p for folder in folders for p in sorted((root / folder).rglob("*")) if p.is_file())
    return [rel for p in present if (rel := p.relative_to(root)) not in files]


def _page(text: str) -> str:
    return f"<!-- {HEADER} -->\n{text.rstrip()}\n"


def _manifest(paths: set[Path]) -> str:
    """Names every generated file, for those that cannot carry a header."""
    rows = [(f"`{path.as_posix()}`",) for path in sorted(paths)]
    return _page(
        "\n".join(
            [
                "# Generated files",
                "",
                "Written by `scp contracts generate`; a test compares them byte for byte.",
                "",
                md_table(("file",), rows),
            ]
        )
    )


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _csv(rows: list[tuple[str, ...]]) -> str:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(rows)
    return sink.getvalue()
