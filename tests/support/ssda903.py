"""The published example returns of children looked after, as deliveries, for tests.

Lives here: reading the example files, and putting a year of them where a transport would, as CSV files or as the XML form.
Add here: another way in which a council writes the same return.
Must not live here: expected results.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from ingest.contract import load_contracts
from tests.support.small_landing import put

DATA = Path(__file__).parents[1] / "data" / "ssda903"
KEY = "council/ssda903"
EXTRACT = load_contracts()[KEY]
#: The example files' own names for the tables, after the year in which the return's year begins.
FILES = {
    "header": "header", "episodes": "episodes", "uasc": "uasc", "oc2": "oc2", "oc3": "oc3", "reviews": "reviews",
    "prev_perm": "previous_permanence", "missing": "missing",
}  # fmt: skip
#: An episode's elements in the order of the layout; PLACE is PL there.
EPISODE = ("DECOM", "RNE", "LS", "CIN", "PLACE", "PL_POST", "HOME_POST", "URN", "PLACE_PROVIDER", "DEC", "REC",
           "REASON_PLACE_CHANGE")  # fmt: skip
Rows = list[dict[str, str]]
Return = dict[str, Rows]
Element = Any  # lxml calls its own class private


def example(year: int) -> Return:
    """Table -> rows by heading, of the example return whose year begins in April of `year`."""
    return {table: rows_of(DATA / f"{year}-{name}.csv") for table, name in FILES.items()}


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def cut(whole: Return, children: set[str]) -> Return:
    """The return of some of its children."""
    return {table: [r for r in rows if r["CHILD"] in children] for table, rows in whole.items()}


def repair_cases() -> dict[tuple[str, str], Return]:
    """(authority, year in which the return's year ends) -> its return, from the published cases of episodes to repair."""
    out: dict[tuple[str, str], Return] = {}
    for row in rows_of(DATA / "episode_repair_cases.csv"):
        place = (row.pop("LA"), row.pop("YEAR"))
        own = out.setdefault(place, {"header": [], "episodes": []})
        own["episodes"].append(row)
        if row["CHILD"] not in {r["CHILD"] for r in own["header"]}:
            own["header"].append(
                {"CHILD": row["CHILD"], "SEX": "1", "DOB": "01/06/2010", "ETHNIC": "WBRI", "UPN": ""}
            )
    return out


def sheet(rows: Rows) -> bytes:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def put_set(
    landing: Path, whole: Mapping[str, Rows], period: str | None, *, submitter: str = "sample_authority",
    name: str = "{table}.csv", folder: str = "first", received: str = "2026-06-01T09:00:00", number: int | None = None,
) -> Path:  # fmt: skip
    """One return as a set of CSV files; a table without rows has no file."""
    files = {name.format(table=table): sheet(rows) for table, rows in whole.items() if rows}
    return put(landing, KEY, submitter, folder, files, received, period, number)


def put_xml(landing: Path, whole: Mapping[str, Rows], period: str | None, *, folder: str = "first") -> Path:
    """The same return in its XML form."""
    return put(
        landing, KEY, "sample_authority", folder, {"return.xml": xml(whole)}, "2026-06-01T09:00:00", period
    )


def xml(whole: Mapping[str, Rows]) -> bytes:
    """The XML form, element by element as the layout has it: what a case system would export from the same rows."""
    root = etree.Element("EXPSSDA903")
    by_child = {table: _by_child(rows) for table, rows in whole.items()}

    def add(above: Element, tag: str, text: str | None = None) -> Element:
        made = etree.SubElement(above, tag)
        made.text = text
        return made

    def block(above: Element, tag: str, table: str, child: str, headings: Iterable[str]) -> None:
        for row in by_child.get(table, {}).get(child, []):
            one = add(above, tag)
            for heading in headings:
                add(one, {"PLACE": "PL"}.get(heading, heading), row.get(heading, ""))

    for row in whole["header"]:
        child = row["CHILD"]
        element = add(root, "CHILD")
        header = add(element, "HEADER")
        add(header, "CHILDID", child)
        for heading in ("UPN", "SEX", "DOB", "ETHNIC"):
            add(header, heading, row[heading])
        uasc = by_child.get("uasc", {}).get(child, [])
        add(header, "UASC", "1" if uasc else "0")
        add(header, "DUC", uasc[0]["DUC"] if uasc else "")
        for table, headings in (
            ("ad1", ("DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR")),
            ("oc3", ("IN_TOUCH", "ACTIV", "ACCOM")),
        ):
            for own in by_child.get(table, {}).get(child, []):
                for heading in headings:
                    add(header, heading, own[heading])
        block(header, "AMISSING", "missing", child, ("MISSING", "MIS_START", "MIS_END"))
        empty = add(header, "AMISSING")  # case systems write empty elements for what there is not
        add(empty, "MISSING", "")
        add(empty, "MIS_START", "")
        block(header, "AREVIEW", "reviews", child, ("REVIEW", "REVIEW_CODE"))
        for heading in ("MOTHER", "MC_DOB"):
            add(header, heading, row.get(heading, ""))
        block(header, "PERMANENCE", "prev_perm", child, ("PREV_PERM", "LA_PERM", "DATE_PERM"))
        block(header, "OC2", "oc2", child, [f.headers[0] for f in EXTRACT.by_table["oc2"].fields[2:]])
        block(
            header, "AD_PLACED", "placed_adoption", child,
            ("DATE_PLACED", "DATE_PLACED_CEASED", "REASON_PLACED_CEASED"),
        )  # fmt: skip
        block(element, "EPISODE", "episodes", child, EPISODE)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def is_the_layouts(content: bytes) -> bool:
    """True when the XML is as the DfE's schema of the form has it."""
    return bool(etree.XMLSchema(etree.parse(DATA / "CLA.xsd")).validate(etree.fromstring(content)))


def _by_child(rows: Rows) -> dict[str, Rows]:
    out: dict[str, Rows] = {}
    for row in rows:
        out.setdefault(row["CHILD"], []).append(row)
    return out
