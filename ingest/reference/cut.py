"""Cut the DfE's and ONS's national files down to the areas that the reports compare with.

Lives here: which files, which rows, and the SOURCE.md that goes with each cut.
Add here: a new file of an extract, or a new vintage.
Must not live here: changing a figure, a header or a symbol. Rows are copied as bytes; only whole rows are left out.

Run with the folder that holds the downloaded files:  python -m ingest.reference.cut <folder>
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.reference import PUBLISHED

COUNCILS = ("860", "861")
REGION = "E12000005"  # West Midlands
NEIGHBOURS = "sn_model_2025_wide.csv"


@dataclass(frozen=True)
class Cut:
    """One delivery: an extract, its publisher, the vintage, when we take it as received, and its files with their titles."""

    extract: str
    submitter: str
    vintage: str
    received_at: str
    publisher: str
    publication: str
    files: dict[str, str]
    whole: bool = False


CUTS = (
    Cut(
        "dfe_children_in_need",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children in need, official statistics; 2025 vintage where it exists, 2024 for the tables that end there",
        {
            "b1_children_in_need_2013_to_2025.csv": "B1 Children in need",
            "c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv": "C1 Referrals and re-referrals",
            "c2_children_in_need_assessments_duration_2014_to_2024.csv": "C2 Duration of assessments",
            "c3_factors_identified_at_end_of_assessment_2018_to_2025.csv": "C3 Factors identified at the end of assessment",
            "c4_children_in_need_section_47s_and_icpcs_2013_to_2024.csv": "C4 Section 47 enquiries and initial conferences",
            "c5_children_in_need_referrals_by_source_2014_to_2024.csv": "C5 Referrals by source",
        },
    ),
    Cut(
        "dfe_child_protection",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children in need, child protection plan tables; 2025 vintage where it exists, 2024 for the tables that end there",
        {
            "d2_cpps_starting_by_category_of_abuse_2013_to_2024.csv": "D2 Plans starting by category of abuse",
            "d3_cpps_subsequent_plan_2013_to_2025.csv": "D3 Second or subsequent plans",
            "d5_cpps_at31march_by_duration_2013_to_2025.csv": "D5 Plans at 31 March by duration",
            "d6_cpps_reviewed_within_timescales_2013_to_2024.csv": "D6 Plans reviewed within timescales",
        },
    ),
    Cut(
        "ons_population",
        "ons",
        "2024",
        "2025-12-01T09:00:00",
        "Office for National Statistics",
        "Mid-year population estimates, children aged 0 to 17, as the DfE republishes them with its statistics",
        {"ons_mid-year_population_estimates_2012_to_2024.csv": "Mid-year estimates, mid-2012 to mid-2024"},
    ),
    Cut(
        "statistical_neighbours",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children's services statistical neighbour benchmarking tool, 2025 model",
        {NEIGHBOURS: "Ten statistical neighbours of every authority"},
        whole=True,
    ),
)


def comparison_authorities(neighbours: Path) -> frozenset[str]:
    """The two councils and the ten neighbours of each, as the DfE's three-digit numbers."""
    with neighbours.open(encoding="utf-8-sig", newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if r["old_la_code"] in COUNCILS]
    return frozenset(COUNCILS) | {r[f"SN_{n}"] for r in rows for n in range(1, 11)}


def cut(source: Path, target: Path = PUBLISHED) -> list[Path]:
    """Write every cut below `target`. Returns the files written."""
    keep = comparison_authorities(source / NEIGHBOURS)
    written: list[Path] = []
    for spec in CUTS:
        folder = target / spec.extract / spec.submitter / spec.vintage
        folder.mkdir(parents=True, exist_ok=True)
        entries: dict[str, dict[str, object]] = {}
        for name in spec.files:
            content = (source / name).read_bytes()
            lines = content.splitlines(keepends=True)
            kept = lines if spec.whole else list(_rows(lines, keep))
            out = b"".join(kept)
            (folder / name).write_bytes(out)
            entries[name] = {"sha256": hashlib.sha256(out).hexdigest(), "rows": len(kept) - 1}
            written.append(folder / name)
        manifest = {
            "received_at": spec.received_at,
            "period": spec.vintage,
            "submitter": spec.submitter,
            "submission_no": 1,
            "files": entries,
        }
        (folder / "_manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        (target / spec.extract / "SOURCE.md").write_text(_source(spec, entries, keep), encoding="utf-8")
    return written


def _rows(lines: list[bytes], keep: frozenset[str]) -> Iterator[bytes]:
    """The header, England, West Midlands and the authorities, each line as it was."""
    header = next(csv.reader([lines[0].decode("utf-8-sig")]))
    level, region, number = (header.index(c) for c in ("geographic_level", "region_code", "old_la_code"))
    yield lines[0]
    for line in lines[1:]:
        cells = next(csv.reader([line.decode("utf-8")]))
        if len(cells) != len(header):
            raise ValueError("a quoted line break: this cutter copies whole lines")
        wanted = {
            "National": True,
            "Regional": cells[region] == REGION,
            "Local authority": cells[number] in keep,
        }
        if wanted[cells[level]]:
            yield line


def _source(spec: Cut, entries: dict[str, dict[str, object]], keep: frozenset[str]) -> str:
    rows = "\n".join(f"| `{name}` | {spec.files[name]} | {entries[name]['rows']} |" for name in spec.files)
    what = (
        "The whole file."
        if spec.whole
        else "Rows for England, the West Midlands, Staffordshire (860), Stoke-on-Trent (861) and the ten statistical "
        f"neighbours of each ({', '.join(sorted(keep - set(COUNCILS)))})."
    )
    return f"""# {spec.publication}

- Publisher: {spec.publisher}
- Licence: Open Government Licence v3.0. Contains public sector information licensed under the Open Government Licence v3.0.
- Vintage: {spec.vintage}

{what} Headers, figures and symbols (c, x, z, k, low, u) are as published; only whole rows were left out.
Cut by `ingest/reference/cut.py`.

| file | table | rows |
|---|---|---|
{rows}
"""


if __name__ == "__main__":
    for path in cut(Path(sys.argv[1])):
        print(path)
