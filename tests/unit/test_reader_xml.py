"""The XML reader: nothing mixed, nothing lost, every line number right, every stranger named."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from ingest.readers import xml as xml_reader
from ingest.readers.base import FileCode, Refused
from tests.support.files import CIN, CONTRACTS, child, cin, delivery, read_bytes

DATA = Path(__file__).parents[1] / "data" / "cin_census"
SAMPLES = sorted(DATA.glob("*.xml"))


def codes(result: object) -> set[str]:
    return {p.code.value for p in result.problems}  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.name)
def test_every_value_of_a_sample_is_read_once(path: Path) -> None:
    result = xml_reader.read(delivery(CIN, path), CONTRACTS[CIN])
    read = sorted(
        v for t in result.tables.values() for f in t.data.column_names[3:] for v in t.data[f].to_pylist() if v
    )
    leaves = etree.parse(path).getroot().find("Children").iter()
    assert read == sorted(e.text for e in leaves if len(e) == 0 and e.text and e.text.strip())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.name)
def test_the_header_is_stated_not_guessed(path: Path) -> None:
    result = xml_reader.read(delivery(CIN, path), CONTRACTS[CIN])
    assert result.stated["Header/Source/LEA"] == "201"
    assert result.stated["Header/CollectionDetails/ReferenceDate"].endswith("-03-31")


def test_same_name_at_two_levels_never_mixes(tmp_path: Path) -> None:
    inside = (
        "<CINdetails><CINreferralDate>2024-05-01</CINreferralDate><DateOfInitialCPC>2024-06-01</DateOfInitialCPC>"
        "<Section47><S47ActualStartDate>2024-05-10</S47ActualStartDate><DateOfInitialCPC>2024-05-20</DateOfInitialCPC></Section47>"
        "</CINdetails>"
    )
    result = read_bytes(tmp_path, CIN, cin(child(1, inside)))
    assert result.tables["cin_details"].data["initial_cpc_date"].to_pylist() == ["2024-06-01"]
    assert result.tables["section47"].data["icpc_date"].to_pylist() == ["2024-05-20"]


def test_rows_know_their_parents_across_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_reader, "FLUSH", 3)
    monkeypatch.setattr(xml_reader, "CHUNK", 300)
    factor = "<AssessmentFactors>1A</AssessmentFactors>"
    inside = (
        "<CINdetails><CINreferralDate>2024-05-01</CINreferralDate><Assessments><FactorsIdentifiedAtAssessment>"
        f"{factor}{factor}</FactorsIdentifiedAtAssessment></Assessments></CINdetails>"
    )
    result = read_bytes(tmp_path, CIN, cin("\n".join(child(n, inside if n % 2 else "") for n in range(20))))
    details, factors = result.tables["cin_details"].data, result.tables["assessment_factors"].data
    assert result.tables["children"].data["_row"].to_pylist() == list(range(1, 21))
    assert details["_parent_row"].to_pylist() == list(range(2, 21, 2))
    assert factors["_parent_row"].to_pylist() == [n for n in range(1, 11) for _ in range(2)]
    assert result.tables["children"].data["la_child_id"].to_pylist()[19] == "C000019"


def test_an_empty_id_in_the_last_of_many_children_is_kept_as_sent(tmp_path: Path) -> None:
    # A peer looked at the first buffer only, and let an empty id pass (whole-file faults 18 and 19).
    last = (
        "<Child><ChildIdentifiers><LAchildID/></ChildIdentifiers></Child><Child><ChildIdentifiers/></Child>"
    )
    result = read_bytes(tmp_path, CIN, cin("".join(child(n) for n in range(5000)) + last))
    ids = result.tables["children"].data["la_child_id"].to_pylist()
    assert len(ids) == 5002
    assert ids[-2:] == ["", None]


def test_loose_text_is_reported_and_loses_nothing(tmp_path: Path) -> None:
    result = read_bytes(
        tmp_path, CIN, cin(child(1, identifiers="stray<UPN>A1</UPN>") + "\nmore\n" + child(2))
    )
    assert "XML-UNEXPECTED-TEXT" in codes(result)
    assert result.tables["children"].data["upn"].to_pylist() == ["A1", None]
    assert all("stray" not in f"{p.says} {p.where}" for p in result.problems)


def test_a_namespace_is_noted_and_left_aside(tmp_path: Path) -> None:
    text = cin(child(1)).replace("<Message>", '<Message xmlns="http://example.org/cin">')
    result = read_bytes(tmp_path, CIN, text)
    assert "XML-NAMESPACE" in codes(result)
    assert result.tables["children"].data["ethnicity"].to_pylist() == ["WBRI"]


def test_unknown_elements_are_named_with_counts(tmp_path: Path) -> None:
    module = "<PreProceedings><PreProceedingsStartDate>2025-01-02</PreProceedingsStartDate><Kind>A</Kind></PreProceedings>"
    inside = f"<CINdetails><CINreferralDate>2024-05-01</CINreferralDate>{module}{module}<New><Deep>1</Deep></New></CINdetails>"
    result = read_bytes(tmp_path, CIN, cin(child(1, inside) + "<Visitor/>" + child(2)))
    assert result.tables["pre_proceedings"].data.num_rows == 2, "an early module is read whatever the year"
    named = {(i.header, i.cells) for t in result.tables.values() for i in t.ignored}
    assert named == {("Kind", 2), ("New", 1), ("Deep", 1), ("Visitor", 1)}
    assert "FILE-COLUMN-IGNORED" in codes(result)


def test_a_value_given_twice_is_reported_and_the_first_kept(tmp_path: Path) -> None:
    twice = "<UPN>A1</UPN><UPN>A2</UPN><FormerUPN>B1</FormerUPN><FormerUPN>B1</FormerUPN>"
    result = read_bytes(tmp_path, CIN, cin(child(1, identifiers=twice)))
    assert result.tables["children"].data["upn"].to_pylist() == ["A1"]
    repeated = [p for p in result.problems if p.code is FileCode.XML_REPEATED]
    assert len(repeated) == 1 and "UPN" in (repeated[0].where or "")


def test_sex_of_every_layout_lands_in_one_column(tmp_path: Path) -> None:
    old = "<Child><ChildIdentifiers><LAchildID>1</LAchildID><GenderCurrent>2</GenderCurrent></ChildIdentifiers></Child>"
    result = read_bytes(tmp_path, CIN, cin(child(1) + old))
    assert result.tables["children"].data["sex"].to_pylist() == ["M", "2"]


def test_attributes_and_values_with_elements_are_named(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, CIN, cin(child(1, identifiers='<UPN kind="x">A<b>1</b></UPN>')))
    assert {"XML-ATTRIBUTE", "XML-UNEXPECTED-ELEMENT"} <= codes(result)
    assert result.tables["children"].data["upn"].to_pylist() == ["A"]


def test_a_record_named_inside_a_record_is_a_stranger(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, CIN, cin(child(1, "<Extra><Child><A>1</A></Child></Extra>") + child(2)))
    assert result.tables["children"].data.num_rows == 2
    assert {i.header for i in result.tables["children"].ignored} == {"Extra", "Child", "A"}


def test_character_references_comments_and_cdata_are_text(tmp_path: Path) -> None:
    result = read_bytes(
        tmp_path, CIN, cin(child(1, identifiers="<UPN>A&amp;<!-- no -->B<![CDATA[<C]]></UPN>"))
    )
    assert result.tables["children"].data["upn"].to_pylist() == ["A&B<C"]


def test_lines_are_those_of_the_file_beyond_65535(tmp_path: Path) -> None:
    one = (
        "<Child>\n\n<ChildIdentifiers>\n<LAchildID>X</LAchildID>\n</ChildIdentifiers>\n<CINdetails>\n"
        "<CINreferralDate>2024-05-01</CINreferralDate>\n<Assessments>\n<AssessmentActualStartDate>2024-05-01"
        "</AssessmentActualStartDate>\n</Assessments></CINdetails></Child>\n"
    )
    text = cin(one * 12_000)
    result = read_bytes(tmp_path, CIN, text)
    for table, mark in (
        ("children", "<Child>"),
        ("cin_details", "<CINdetails>"),
        ("assessments", "<Assessments>"),
    ):
        expected = [n for n, line in enumerate(text.split("\n"), 1) if mark in line]
        assert result.tables[table].data["_line"].to_pylist() == expected


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>\n' + cin(child(1, identifiers="<UPN>é</UPN>"))
    result = read_bytes(tmp_path, CIN, text.encode(encoding))
    assert result.tables["children"].data["upn"].to_pylist() == ["é"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_never_half_read(tmp_path: Path, share: float) -> None:
    whole = cin("\n".join(child(n) for n in range(200))).encode()
    with pytest.raises(Refused) as refused:
        read_bytes(tmp_path, CIN, whole[: int(len(whole) * share)])
    assert refused.value.code is FileCode.XML_MALFORMED
    assert "line" in (refused.value.where or "")


def test_reading_time_grows_with_the_file_not_its_square(tmp_path: Path) -> None:
    # A peer's reading was quadratic. Compared in processor time of one run, with a wide margin.
    import time

    def cost(records: int) -> float:
        text = cin("\n".join(child(n) for n in range(records)))
        start = time.process_time()
        read_bytes(tmp_path, CIN, text)
        return time.process_time() - start

    cost(500)
    small, large = min(cost(4_000) for _ in range(3)), min(cost(32_000) for _ in range(2))
    assert large < 8 * small * 2.5
