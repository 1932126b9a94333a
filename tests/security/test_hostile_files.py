"""A corpus of hostile and broken files: each has its expected code, and nothing else ever comes out of a reader.

The files come in through the landing folder, as a sender's would. No case may raise anything but Refused, end this
process, take long, or repeat a cell of the file in what it says.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import landing, readers
from ingest.readers import base
from ingest.readers import xml as xml_reader
from ingest.readers.base import Refused
from tests.support.files import (
    BOARD,
    BOARD_ROWS,
    CIN,
    CONTRACTS,
    TRAINING,
    TRAINING_HEADER,
    TRAINING_ROW,
    child,
    cin,
    member,
    rezip,
    training,
    workbook,
)

MARK = "Zq7Marker"  # planted in cells; must never be said

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE Message [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10))
    + "]>"
)


def xml(text: str) -> Callable[[], bytes]:
    return lambda: text.encode()


def csv(text: str | bytes) -> Callable[[], bytes]:
    return lambda: text if isinstance(text, bytes) else text.encode()


XML: dict[str, tuple[Callable[[], bytes], str]] = {
    "billion laughs": (xml(LAUGHS + cin(child(1, identifiers="<UPN>&k;</UPN>"))), "XML-DTD"),
    "quadratic blow-up": (
        xml(
            f'<!DOCTYPE Message [<!ENTITY a "{"x" * 50_000}">]>'
            + cin(child(1, identifiers=f"<UPN>{'&a;' * 2000}</UPN>"))
        ),
        "XML-DTD",
    ),
    "entity that reads a file": (
        xml(
            '<!DOCTYPE Message [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + cin(child(1, identifiers="<UPN>&a;</UPN>"))
        ),
        "XML-DTD",
    ),
    "entity that calls home": (
        xml(
            '<!DOCTYPE Message [<!ENTITY a SYSTEM "http://192.0.2.1/x">]>'
            + cin(child(1, identifiers="<UPN>&a;</UPN>"))
        ),
        "XML-DTD",
    ),
    "parameter entity": (
        xml('<!DOCTYPE Message [<!ENTITY % a SYSTEM "file:///etc/hostname"> %a;]>' + cin(child(1))),
        "XML-DTD",
    ),
    "external DTD": (xml('<!DOCTYPE Message SYSTEM "http://192.0.2.1/a.dtd">' + cin(child(1))), "XML-DTD"),
    "DOCTYPE in UTF-16": (lambda: ("<!DOCTYPE Message []>" + cin(child(1))).encode("utf-16"), "XML-DTD"),
    "undeclared entity": (xml(cin(child(1, identifiers="<UPN>&nope;</UPN>"))), "XML-MALFORMED"),
    "include of a file": (
        xml(
            cin(
                child(1, '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>')
            )
        ),
        "FILE-COLUMN-IGNORED",
    ),
    "200,000 deep in a record": (xml(cin(child(1, "<a>" * 200_000 + "</a>" * 200_000))), "XML-DEPTH"),
    "1,000 deep in a record": (xml(cin(child(1, "<a>" * 1000 + "</a>" * 1000))), "XML-DEPTH"),
    "100 deep in a record": (xml(cin(child(1, "<a>" * 100 + "</a>" * 100))), "XML-DEPTH"),
    "100 deep outside records": (
        xml(cin(child(1)).replace("</Children>", "</Children>" + "<a>" * 100 + "</a>" * 100)),
        "XML-DEPTH",
    ),
    "100 deep in the header": (
        xml(cin(child(1), header="<Header>" + "<a>" * 100 + "</a>" * 100 + "</Header>")),
        "XML-DEPTH",
    ),
    "30 MB in one value": (
        lambda: cin(child(1, identifiers=f"<UPN>{'A' * 30_000_000}</UPN>")).encode(),
        "XML-LIMIT",
    ),
    "a record that never ends": (lambda: cin(child(1, "<x>1</x>" * 400_000)).encode(), "XML-LIMIT"),
    "thousands of invented names": (
        lambda: cin(child(1, "".join(f"<n{i}/>" for i in range(20_000)))).encode(),
        "FILE-COLUMN-IGNORED",
    ),
    "wrong root": (xml(cin(child(1), root="Envelope")), "XML-ROOT"),
    "another collection": (xml(cin(child(1)).replace(">CIN<", ">CLA<")), "XML-ROOT"),
    "namespace": (xml(cin(child(1)).replace("<Message>", '<Message xmlns="urn:x">')), "XML-NAMESPACE"),
    "truncated": (xml(cin(child(1))[:-30]), "XML-MALFORMED"),
    "two roots": (xml(cin(child(1)) + cin(child(2))), "XML-MALFORMED"),
    "crossed tags": (xml(cin(child(1, f"<a><b>{MARK}</a></b>"))), "XML-MALFORMED"),
    "bytes of another encoding": (
        lambda: cin(child(1, identifiers="<UPN>\xe9\xe8</UPN>")).encode("latin-1"),
        "XML-MALFORMED",
    ),
    "unknown encoding": (xml('<?xml version="1.0" encoding="klingon"?>' + cin(child(1))), "XML-MALFORMED"),
    "NUL in a value": (lambda: cin(child(1, identifiers="<UPN>A\0B</UPN>")).encode(), "XML-MALFORMED"),
    "character reference to NUL": (xml(cin(child(1, identifiers="<UPN>&#0;</UPN>"))), "XML-MALFORMED"),
    "no records": (xml(cin("")), "FILE-EMPTY"),
    "an empty file": (xml(""), "FILE-EMPTY"),
    "not XML at all": (xml(MARK * 10), "XML-MALFORMED"),
    "stray text": (xml(cin(child(1) + MARK + child(2))), "XML-UNEXPECTED-TEXT"),
}

ROW = TRAINING_ROW.format(n=1).replace("A Person", MARK)
CSV: dict[str, tuple[Callable[[], bytes], str]] = {
    "an empty file": (csv(""), "FILE-EMPTY"),
    "only a byte order mark": (csv(b"\xef\xbb\xbf"), "FILE-HEADER"),
    "no header": (csv("\n".join([ROW] * 5)), "FILE-HEADER"),
    "only blank lines": (csv("\n" * 100), "FILE-HEADER"),
    "header below row 30": (csv("title\n" * 31 + training(2)), "FILE-HEADER"),
    "ragged": (csv(training(2) + f"{MARK},b\n"), "CSV-RAGGED"),
    "widening": (csv(training(2) + "".join(ROW + ",x" * n + "\n" for n in range(1, 50))), "CSV-RAGGED"),
    "separator changes": (csv(training(2) + ROW.replace(",", ";") + "\n"), "CSV-RAGGED"),
    "truncated last line": (csv(training(3)[:-40]), "CSV-RAGGED"),
    "unterminated quote": (csv(training(2) + '"' + ROW), "CSV-QUOTE"),
    "two quotes far apart": (csv(training(2) + f'"{ROW}\n{ROW}\n{ROW}\n"{ROW}\n{ROW}\n'), "CSV-QUOTE"),
    "NUL": (csv(training(2).replace("Officer", "Off\0cer")), "CSV-NUL"),
    "NULs like half a UTF-16": (csv(training(1).encode() + training(1).encode("utf-16-le")), "CSV-NUL"),
    "half a character": (csv(training(1).encode("utf-16") + b"A"), "FILE-ENCODING"),
    "UTF-32": (csv(training(1).encode("utf-32")), "FILE-ENCODING"),
    "bytes of no encoding": (csv(training(1).encode() + b"\x81\x8d\x8f\x90\xff\n"), "FILE-ENCODING"),
    "mixed line ends": (csv(training(2) + ROW + "\r\n" + ROW + "\r"), "CSV-NEWLINES"),
    "a cell of 10 MB": (
        lambda: (training(1) + ROW.replace("Officer", "x" * 10_000_000) + "\n").encode(),
        "CSV-LIMIT",
    ),
    "a quoted cell of 10 MB": (
        lambda: (training(1) + ROW.replace("Officer", '"' + "x\n" * 5_000_000 + '"') + "\n").encode(),
        "CSV-LIMIT",
    ),
    "20,000 columns": (csv(TRAINING_HEADER + ",x" * 20_000 + "\n"), "FILE-LIMIT"),
    "a workbook called .csv": (lambda: workbook({"a": BOARD_ROWS}), "FILE-FORMAT"),
    "a web page": (csv("<html><table>" + training(2)), "FILE-FORMAT"),
    "gzip": (csv(b"\x1f\x8b\x08" + b"x" * 50), "FILE-FORMAT"),
    "duplicate header": (csv(training(1).replace("Mode", "Course", 1)), "FILE-COLUMN-IGNORED"),
    "blank header": (csv(training(1).replace("Delegate", "", 1)), "FILE-COLUMN-IGNORED"),
    "header with commands": (
        csv(training(1, TRAINING_HEADER.replace("Delegate", '"""; DROP TABLE x; {{ config }}"'))),
        "FILE-COLUMN-IGNORED",
    ),
    "header with an escape": (
        csv(training(1, TRAINING_HEADER.replace("Delegate", "\x1b[2J\u202eevil"))),
        "FILE-COLUMN-IGNORED",
    ),
    "totals row": (csv(training(2) + "Grand total,2,,,,,,,,\n"), "FILE-FOOTER"),
}

BOOK = workbook({"Attendance": BOARD_ROWS})
SHEET = "xl/worksheets/sheet1.xml"


def sheet_with(old: bytes, new: bytes) -> Callable[[], bytes]:
    return lambda: rezip(BOOK, {SHEET: member(BOOK, SHEET).replace(old, new, 1)})


def zip_of(**members: bytes) -> Callable[[], bytes]:
    def build() -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return out.getvalue()

    return build


def encrypted() -> bytes:
    """The same workbook with the flag of an encrypted member set in both of its headers."""
    data = bytearray(BOOK)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            flags = struct.unpack_from("<H", data, at + offset)[0] | 1
            struct.pack_into("<H", data, at + offset, flags)
            at = data.find(signature, at + 4)
    return bytes(data)


def lying_sizes() -> bytes:
    """A member that says it is small and inflates to 40 MB."""
    data = bytearray(rezip(BOOK, {}, {"xl/media/big.xml": b"<a>" + b" " * 40_000_000 + b"</a>"}))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 1000)
    return bytes(data)


def many_rows() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 300_000))
    return rezip(
        BOOK,
        {
            SHEET: b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            + rows
            + b'<row r="300000"><c r="ZZ300000"><v>1</v></c></row></sheetData></worksheet>'
        },
    )


XLSX: dict[str, tuple[Callable[[], bytes], str]] = {
    "an empty file": (lambda: b"", "FILE-EMPTY"),
    "a password, or old .xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "XLSX-ENCRYPTED"),
    "encrypted members": (encrypted, "XLSX-ENCRYPTED"),
    "text called .xlsx": (lambda: training(3).encode(), "XLSX-FORMAT"),
    "a zip that is no workbook": (zip_of(**{"a.txt": b"x"}), "XLSX-FORMAT"),
    "a document of another kind": (
        zip_of(**{"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}),
        "XLSX-FORMAT",
    ),
    "a damaged zip": (lambda: BOOK[: len(BOOK) // 2], "XLSX-FORMAT"),
    "damaged inside": (lambda: BOOK.replace(b"PK\x03\x04", b"PK\x03\x05", 3), "XLSX-FORMAT"),
    "macros": (lambda: rezip(BOOK, {}, {"xl/vbaProject.bin": b"x"}), "XLSX-MACRO"),
    "macros by content type": (
        lambda: rezip(
            BOOK,
            {
                "[Content_Types].xml": member(BOOK, "[Content_Types].xml").replace(
                    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                )
            },
        ),
        "XLSX-MACRO",
    ),
    "old macro sheets": (lambda: rezip(BOOK, {}, {"xl/macrosheets/sheet1.xml": b"<a/>"}), "XLSX-MACRO"),
    "links to other workbooks": (
        lambda: rezip(BOOK, {}, {"xl/externalLinks/externalLink1.xml": b"<a/>"}),
        "XLSX-EXTERNAL",
    ),
    "DOCTYPE in the sheet": (
        sheet_with(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
        "XLSX-DTD",
    ),
    "DOCTYPE in the styles": (lambda: rezip(BOOK, {"xl/styles.xml": b"<!DOCTYPE a><a/>"}), "XLSX-DTD"),
    "DOCTYPE hidden in UTF-16": (
        lambda: rezip(BOOK, {"xl/styles.xml": "<!DOCTYPE a><a/>".encode("utf-16")}),
        "XLSX-FORMAT",
    ),
    "a bomb by ratio": (lambda: rezip(BOOK, {}, {"xl/media/big.xml": b" " * 60_000_000}), "XLSX-LIMIT"),
    "a bomb by lying sizes": (lying_sizes, "XLSX-FORMAT"),
    "thousands of members": (
        lambda: rezip(BOOK, {}, {f"xl/media/{n}.xml": b"<a/>" for n in range(1500)}),
        "XLSX-LIMIT",
    ),
    "a name that climbs": (lambda: rezip(BOOK, {}, {"../../evil.xml": b"<a/>"}), "XLSX-FORMAT"),
    "an absolute name": (lambda: rezip(BOOK, {}, {"/etc/evil.xml": b"<a/>"}), "XLSX-FORMAT"),
    "a name twice": (lambda: rezip(BOOK, {}, {"XL/WORKBOOK.XML": b"<a/>"}), "XLSX-FORMAT"),
    "a far cell": (sheet_with(b'r="A1"', b'r="XFD1048576"'), "XLSX-LIMIT"),
    "row 1,048,577": (sheet_with(b'<row r="3"', b'<row r="1048577"'), "XLSX-LIMIT"),
    "wide and long": (many_rows, "XLSX-LIMIT"),
    "a sheet that is not XML": (lambda: rezip(BOOK, {SHEET: b"\x00\x01" * 500}), "XLSX-FORMAT"),
    "a workbook part that is not XML": (lambda: rezip(BOOK, {"xl/workbook.xml": b"<<<"}), "XLSX-FORMAT"),
    "no sheet where the workbook says": (lambda: rezip(BOOK, {SHEET: None}), "XLSX-FORMAT"),
    "no relations": (lambda: rezip(BOOK, {"xl/_rels/workbook.xml.rels": None}), "XLSX-FORMAT"),
    "a formula without a result": (sheet_with(b"<v>", b'<f>A1</f><v></v></c><c r="H9"><v>'), "XLSX-FORMULA"),
    "an empty sheet": (lambda: workbook({"Attendance": []}), "FILE-EMPTY"),
    "no header": (lambda: workbook({"Attendance": [[MARK]] * 5}), "FILE-HEADER"),
}

CASES = [
    pytest.param(key, suffix, build, code, id=f"{suffix}: {name}")
    for key, suffix, corpus in ((CIN, "xml", XML), (TRAINING, "csv", CSV), (BOARD, "xlsx", XLSX))
    for name, (build, code) in corpus.items()
]


def outcome(folder: Path, key: str, name: str, data: bytes) -> tuple[set[str], str]:
    """The codes that come out of a landing folder with one file, and every word that is said."""
    place = folder / key / CONTRACTS[key].submitters[0] / "x"
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    path.write_bytes(data)
    codes: set[str] = set()
    words: list[str] = []
    try:
        (delivery,) = landing.discover(folder, CONTRACTS)
        try:
            result = readers.read(delivery, CONTRACTS[key], CONTRACTS)
        except Refused as refused:
            return {refused.code.value}, f"{refused} {refused.fix}"
    finally:
        path.unlink()
    for problem in result.problems:
        codes.add(problem.code.value)
        words += [problem.says, problem.fix, problem.where or ""]
    return codes, " ".join(words)


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize(("key", "suffix", "build", "code"), CASES)
def test_a_hostile_file_gives_its_code_and_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    suffix: str,
    build: Callable[[], bytes],
    code: str,
) -> None:
    monkeypatch.setattr(xml_reader, "MAX_RECORD_BYTES", 2_000_000)  # smaller files, quicker tests
    codes, words = outcome(tmp_path, key, f"file.{suffix}", build())
    assert code in codes
    assert MARK not in words
    assert "FILE-UNREADABLE" not in codes, "the catch-all means that a reader has a defect"
    assert words.isprintable() or not words


def test_a_child_that_dies_of_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.readers import xlsx

    monkeypatch.setattr(xlsx, "CHILD_MEMORY", 48_000_000)
    long = random.Random(7).randbytes(10_000_000).hex().encode()  # not a bomb by its ratio: only by its size
    strings = member(BOOK, "xl/sharedStrings.xml").replace(b"</sst>", b"<si><t>" + long + b"</t></si></sst>")
    assert outcome(tmp_path, BOARD, "file.xlsx", rezip(BOOK, {"xl/sharedStrings.xml": strings}))[0] == {
        "XLSX-LIMIT"
    }


def test_a_child_that_takes_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.readers import xlsx

    monkeypatch.setattr(xlsx, "CHILD_WALL_SECONDS", 0.001)
    assert outcome(tmp_path, BOARD, "file.xlsx", BOOK)[0] == {"XLSX-LIMIT"}


def test_limits_of_the_contract_are_held(tmp_path: Path) -> None:
    for key, suffix, data in (
        (CIN, "xml", cin(child(1) * 20).encode()),
        (TRAINING, "csv", training(20).encode()),
        (BOARD, "xlsx", BOOK),
    ):
        extract = CONTRACTS[key]
        for limit in ({"max_bytes": 100}, {"max_rows": 1}):
            small = extract.model_copy(update={"delivery": extract.delivery.model_copy(update=limit)})
            path = tmp_path / f"file.{suffix}"
            path.write_bytes(data)
            (delivery,) = (d for d in landing.discover(path, CONTRACTS))
            with pytest.raises(Refused) as refused:
                readers.read(delivery, small, CONTRACTS)
            assert refused.value.code is base.FileCode.FILE_LIMIT


NAMES = [
    "a\nb.csv",
    "quote'\".csv",
    "\u202evsc.csv",
    "é.csv",
    "e\u0301.csv",
    "CON.csv",
    "x" * 250 + ".csv",
    "{{ config }}.csv",
    "-rf.csv",
    "$(id).csv",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_odd_names_are_only_names(tmp_path: Path, name: str) -> None:
    codes, words = outcome(tmp_path, TRAINING, name, training(2).encode())
    assert "FILE-UNREADABLE" not in codes
    assert words.isprintable()


SEEDS = {
    "xml": (CIN, cin(child(1) + child(2)).encode()),
    "csv": (TRAINING, training(5).encode()),
    "xlsx": (BOARD, BOOK),
}


@pytest.mark.parametrize("suffix", ["xml", "csv"])
@settings(max_examples=150)
@given(data=st.data())
def test_mutated_bytes_raise_nothing_unmapped(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    key, seed = SEEDS[suffix]
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        what = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if what == "flip":
            mutated[at] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del mutated[at : at + data.draw(st.integers(1, 60))]
        else:
            mutated[at:at] = data.draw(st.binary(min_size=1, max_size=6))
        if not mutated:
            break
    codes, _ = outcome(tmp_path_factory.getbasetemp() / "mutated", key, f"file.{suffix}", bytes(mutated))
    assert "FILE-UNREADABLE" not in codes


@settings(max_examples=15)
@given(data=st.data())
def test_mutated_sheets_raise_nothing_unmapped(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    part = data.draw(
        st.sampled_from(
            [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"]
        )
    )
    body = bytearray(member(BOOK, part))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(32, 126))
    codes, _ = outcome(
        tmp_path_factory.getbasetemp() / "mutated", BOARD, "file.xlsx", rezip(BOOK, {part: bytes(body)})
    )
    assert "FILE-UNREADABLE" not in codes
