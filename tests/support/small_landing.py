"""Small SYNTHETIC deliveries written by hand from the contracts, for tests of the pipeline.

Lives here: putting files where a transport would put them; rows that pass every rule until a test changes one.
Add here: a sender whose files a pipeline test needs.
Must not live here: expected results.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ingest.contract import Table, load_contracts
from ingest.lake import Home

CONTRACTS = load_contracts()
Row = Mapping[str, str]


def put(
    landing: Path, key: str, submitter: str, folder: str, files: Mapping[str, bytes],
    received_at: str = "2025-08-05T09:00:00", period: str | None = None, submission_no: int | None = None,
) -> Path:  # fmt: skip
    """One delivery with its manifest, as the transport leaves it."""
    place = landing / key / submitter / folder
    place.mkdir(parents=True)
    listed = {name: {"sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
    stated = {
        "received_at": received_at,
        "submitter": submitter,
        "period": period,
        "submission_no": submission_no,
        "files": listed,
    }
    for name, content in files.items():
        (place / name).write_bytes(content)
    (place / "_manifest.json").write_text(
        json.dumps({k: v for k, v in stated.items() if v is not None}), encoding="utf-8"
    )
    return place


def sheet(
    key: str, table: str, rows: Iterable[Row], extra: Iterable[str] = (), encoding: str = "utf-8"
) -> bytes:
    """A CSV of a contract's table with the sender's own headers. `extra` are columns that no contract knows."""
    spec: Table = CONTRACTS[key].by_table[table]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(f.headers[0] if f.headers else f.name for f in spec.fields), *extra])
    for row in rows:
        writer.writerow([*(row.get(f.name, "") for f in spec.fields), *(row.get(name, "") for name in extra)])
    return out.getvalue().encode(encoding)


def council_episode(number: int, **values: str) -> dict[str, str]:
    """One row of LA12, quarter 2025-26-Q1."""
    return {
        "missing_id": f"M{number:05d}", "la_code": "860", "la_child_id": f"C{number % 7:03d}", "birth_date": f"{1 + number % 28:02d}/03/2012",
        "sex": "F", "ethnicity": "WBRI", "in_care": "1", "missing_type": "M", "started_at": f"{1 + number % 28:02d}/05/2025 21:30",
        "returned_at": f"{1 + number % 28:02d}/05/2025 23:10", "rhi_offered": "1", **values,
    }  # fmt: skip


def police_episode(number: int, **values: str) -> dict[str, str]:
    """One row of PO01, month 2025-05."""
    day = f"{1 + number % 28:02d}/05/2025"
    return {
        "episode_ref": f"E{number:05d}", "nominal_ref": f"N{number % 5:03d}", "forename": "Ada", "surname": "Example",
        "birth_date": f"{1 + number % 28:02d}/03/2012", "sex": "F", "postcode": "ST16 2LH", "home_la": "860",
        "missing_at": f"{day} 21:00", "reported_at": f"{day} 21:40", "located_at": f"{day} 23:00", "risk_grade": "MEDIUM", **values,
    }  # fmt: skip


def la12(
    landing: Path,
    rows: Iterable[Row],
    folder: str = "d1",
    name: str = "missing.csv",
    extra: Iterable[str] = (),
    **how: object,
) -> Path:
    content = sheet("council/missing_and_return_interviews", "episodes", rows, extra)
    return put(
        landing, "council/missing_and_return_interviews", "staffordshire", folder, {name: content}, **how
    )  # type: ignore[arg-type]


def po01(
    landing: Path,
    rows: Iterable[Row],
    folder: str = "d1",
    name: str = "police.csv",
    extra: Iterable[str] = (),
    **how: object,
) -> Path:
    content = sheet("police/missing_episodes", "episodes", rows, extra, "cp1252")
    return put(landing, "police/missing_episodes", "staffordshire_police", folder, {name: content}, **how)  # type: ignore[arg-type]


def census(children: Iterable[Mapping[str, str]], year: int = 2025, authority: str = "860") -> bytes:
    """A CIN census of one year. Each child: la_child_id, upn, former_upn, birth_date, referral_date."""
    body = "".join(
        f"<Child><ChildIdentifiers><LAchildID>{c['la_child_id']}</LAchildID><UPN>{c.get('upn', '')}</UPN>"
        f"<FormerUPN>{c.get('former_upn', '')}</FormerUPN><PersonBirthDate>{c.get('birth_date', '2012-03-04')}</PersonBirthDate>"
        f"<Sex>F</Sex></ChildIdentifiers><ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics>{c.get('more', '')}"
        f"<CINdetails><CINreferralDate>{c.get('referral_date', '2024-09-01')}</CINreferralDate><ReferralSource>1A</ReferralSource>"
        f"<PrimaryNeedCode>N1</PrimaryNeedCode><ReferralNFA>0</ReferralNFA></CINdetails></Child>"
        for c in children
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><Message><Header><CollectionDetails><Collection>CIN</Collection>"
        f"<Year>{year}</Year><ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails><Source><LEA>{authority}</LEA></Source>"
        f"</Header><Children>{body}</Children></Message>"
    ).encode()


def raw_content(home: Home) -> dict[str, str]:
    """Every file below lake/raw -> hash of its bytes."""
    root = home.lake / "raw"
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*.parquet"))
    }


def place_keys(home: Home) -> None:
    """Fixed keys, so that two homes give the same pseudonyms."""
    home.identity.mkdir(parents=True, mode=0o700, exist_ok=True)
    for name, byte in (("pseudonym-v1", b"p"), ("store-v1", b"s")):
        path = home.identity / f"{name}.key"
        path.write_bytes(byte * 32)
        path.chmod(0o400)
