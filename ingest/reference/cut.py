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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.reference import PUBLISHED

COUNCILS = ("860", "861")
REGION = "E12000005"  # West Midlands
ENGLAND = "E92000001"
NEIGHBOURS = "sn_model_2025_wide.csv"
POPULATION = "ons_mid-year_population_estimates_2012_to_2024.csv"


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
    #: How a file says which area a row is for: the DfE's columns, the OHID's, or not at all (then the whole file is kept).
    areas: Literal["dfe", "ohid", "whole"] = "dfe"


CUTS = (
    Cut(
        "dfe_children_in_need",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children in need, official statistics; 2025 vintage where it exists, 2024 for the tables that end there",
        {
            "a7_cin_by_age_gender_ethnicity_2015_to_2024.csv": "A7 Children in need by age, sex and ethnicity (England)",
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
        {POPULATION: "Mid-year estimates, mid-2012 to mid-2024"},
    ),
    Cut(
        "statistical_neighbours",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children's services statistical neighbour benchmarking tool, 2025 model",
        {NEIGHBOURS: "Ten statistical neighbours of every authority"},
        "whole",
    ),
    Cut(
        "dfe_children_looked_after",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children looked after in England including adoptions, 2025",
        {
            "cla_number_and_rate_per_10k_children.csv": "Numbers and rates for every 10,000 children, 2021 to 2025",
            "la_cla_placement_stability.csv": "Placement stability, 2021 to 2025",
        },
    ),
    Cut(
        "dfe_social_work_workforce",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Children's social work workforce, reporting year 2025",
        {"csww_indicators_2017_to_2025.csv": "Headline indicators, 2017 to 2025"},
    ),
    Cut(
        "hospital_admissions",
        "ohid",
        "2024",
        "2025-12-01T09:00:00",
        "Office for Health Improvement and Disparities",
        "Fingertips, public health profiles: indicator 90284, hospital admissions caused by unintentional and deliberate "
        "injuries in children aged 0 to 14 years",
        {"la_hospital_admissions_2324.csv": "Admissions, 2010/11 to 2023/24"},
        "ohid",
    ),
    Cut(
        "local_authority_lookup",
        "ons",
        "2023",
        "2025-12-01T09:00:00",
        "Office for National Statistics",
        "Lower-tier to upper-tier local authority lookup, England and Wales, April 2023",
        {"LTLA-UTLA_Apr23_Lookup_England-Wales.csv": "Districts and the authority that each lies in"},
        "whole",
    ),
    # The links name no authority, so nothing can be left out: a school of the two councils may have come from anywhere.
    Cut(
        "gias_links",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Get Information About Schools, links between schools, 22 April 2025",
        {"links_edubasealldata20250422.csv": "Predecessors and successors of every school in England"},
        "whole",
    ),
    Cut(
        "gias_establishment_types",
        "dfe",
        "2025",
        "2025-12-01T09:00:00",
        "Department for Education",
        "Get Information About Schools, types of establishment, 22 April 2025",
        {"edubasealldata20250422-establishment-types.csv": "Types of establishment and their groups"},
        "whole",
    ),
)


def comparison_authorities(neighbours: Path) -> frozenset[str]:
    """The two councils and the ten neighbours of each, as the DfE's three-digit numbers."""
    with neighbours.open(encoding="utf-8-sig", newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if r["old_la_code"] in COUNCILS]
    return frozenset(COUNCILS) | {r[f"SN_{n}"] for r in rows for n in range(1, 11)}


def comparison_codes(population: Path, authorities: frozenset[str]) -> frozenset[str]:
    """The same authorities as ONS codes, every code that each has had."""
    with population.open(encoding="utf-8-sig", newline="") as handle:
        return frozenset(
            r["new_la_code"]
            for r in csv.DictReader(handle)
            if r["old_la_code"] in authorities and r["new_la_code"]
        )


def cut(source: Path, target: Path = PUBLISHED) -> list[Path]:
    """Write every cut below `target`. Returns the files written."""
    keep = comparison_authorities(source / NEIGHBOURS)
    codes = comparison_codes(source / POPULATION, keep)
    written: list[Path] = []
    for spec in CUTS:
        folder = target / spec.extract / spec.submitter / spec.vintage
        folder.mkdir(parents=True, exist_ok=True)
        entries: dict[str, dict[str, object]] = {}
        for name in spec.files:
            content = (source / name).read_bytes()
            lines = content.splitlines(keepends=True)
            # A whole file is not looked into: its bytes need not even be UTF-8.
            whole = spec.areas == "whole"
            kept = lines if whole else list(_rows(lines, _wanted(spec.areas, keep, codes)))
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


Row = Mapping[str, str]


def _wanted(areas: str, keep: frozenset[str], codes: frozenset[str]) -> Callable[[Row], bool]:
    """Which rows of a file are kept."""

    def dfe(row: Row) -> bool:
        level = row["geographic_level"]
        if level == "Regional":
            return row["region_code"] == REGION
        return level == "National" or row["old_la_code"] in keep

    def ohid(row: Row) -> bool:
        return not row["Category Type"] and row["Area Code"] in codes | {ENGLAND}

    return {"dfe": dfe, "ohid": ohid}.get(areas, lambda row: True)


def _rows(lines: list[bytes], wanted: Callable[[Row], bool]) -> Iterator[bytes]:
    """The header and the wanted rows, each line as it was."""
    header = next(csv.reader([lines[0].decode("utf-8-sig")]))
    yield lines[0]
    for line in lines[1:]:
        cells = next(csv.reader([line.decode("utf-8")]))
        if len(cells) != len(header):
            raise ValueError("a quoted line break: this cutter copies whole lines")
        if wanted(dict(zip(header, cells, strict=True))):
            yield line


def _source(spec: Cut, entries: dict[str, dict[str, object]], keep: frozenset[str]) -> str:
    rows = "\n".join(f"| `{name}` | {spec.files[name]} | {entries[name]['rows']} |" for name in spec.files)
    what = (
        "The whole file."
        if spec.areas == "whole"
        else "Rows for England, the West Midlands, Staffordshire (860), Stoke-on-Trent (861) and the ten statistical "
        f"neighbours of each ({', '.join(sorted(keep - set(COUNCILS)))})."
    )
    if spec.areas == "ohid":
        what = what.replace("England, the West Midlands", "England") + (
            " The file has no regions; England's rows by deprivation were left out."
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
