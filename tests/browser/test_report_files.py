"""The report as files: no script, nothing from outside, links that lead somewhere, and no exact count of children anywhere."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import urldefrag

import duckdb
import pandas as pd
import pytest
from lxml import html

from ingest.contract import load_contracts
from ingest.lake import Home
from publish.audiences import OPEN_COUNTS
from publish.release import Release, publish
from publish.report import PAGES, THEMES

pytestmark = pytest.mark.xdist_group("report")


def pages(site: Path) -> dict[str, html.HtmlElement]:
    return {f: html.parse(str(site / f)).getroot() for f, _, _ in PAGES}


def test_links_lead_somewhere(site: Path) -> None:
    trees = pages(site)
    dead: list[str] = []
    for name, tree in trees.items():
        for href in tree.xpath("//a/@href | //link/@href"):
            path, fragment = urldefrag(str(href))
            target = (site / (path or name)).resolve()
            if not target.is_file() or (fragment and not trees[target.name].xpath(f"//*[@id='{fragment}']")):
                dead.append(f"{name} -> {href}")
    assert not dead


def test_no_script_and_nothing_from_outside(site: Path) -> None:
    for file in site.iterdir():
        said = file.read_text("utf-8")
        assert "<script" not in said and "javascript:" not in said and " onload=" not in said
        outside = set(re.findall(r"(?:https?:)?//[a-z0-9.\-]+", said.replace("http://www.w3.org", ""))) - {
            "//"
        }
        assert not outside, file.name


def test_every_page_says_that_the_data_are_synthetic(site: Path) -> None:
    for name, tree in pages(site).items():
        assert "no row is about a real child" in tree.xpath("string(//*[@class='synthetic'])"), name


def test_pages_have_landmarks_one_heading_and_unique_ids(site: Path) -> None:
    for name, tree in pages(site).items():
        assert len(tree.xpath("//h1")) == 1 and len(tree.xpath("//main")) == 1, name
        assert tree.get("lang") == "en-GB" and tree.xpath("//nav[@aria-label]"), name
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), name
        assert all(t.xpath("./caption") and t.xpath(".//th[@scope]") for t in tree.xpath("//table")), name


def test_every_chart_is_named_described_and_has_a_table(site: Path) -> None:
    charts = [c for tree in pages(site).values() for c in tree.xpath("//svg[contains(@class, 'chart')]")]
    assert len(charts) > 30
    for chart in charts:
        assert chart.get("role") == "img"
        assert chart.xpath("string(./title)") and chart.xpath("string(./desc)")
        assert not chart.xpath(".//image"), "a chart is lines and words, never a picture"
        assert chart.xpath("ancestor::div[contains(@class, 'side')]//table")


def exact_counts(warehouse: Path) -> pd.DataFrame:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        frame = con.execute("select * from framework.fct_indicator_value").df()
    return frame[~frame["indicator_id"].isin(list(OPEN_COUNTS))]


def texts(tree: html.HtmlElement) -> str:
    """Everything that is read or read out: text, chart text, titles, descriptions, attributes meant for people."""
    said = [str(t) for t in tree.xpath("//main//text()")] + [
        str(a) for a in tree.xpath("//main//@aria-label | //main//@title | //main//@alt")
    ]
    return "\n".join(said)


@pytest.mark.parametrize("file", sorted(THEMES))
def test_no_exact_count_of_children_is_on_a_page_in_any_text(file: str, site: Path, warehouse: Path) -> None:
    """Big exact counts that are no multiple of 5 are unmistakable: none may stand anywhere on the pages about children."""
    frame = exact_counts(warehouse)
    frame = frame[frame["indicator_id"].isin(THEMES[file][2])]
    parts = pd.concat([frame["numerator"], frame.loc[frame["unit"] == "percent", "denominator"]]).dropna()
    exact = {f"{int(v):,}" for v in parts if v > 100 and v % 5 and not 1900 < v < 2100}
    assert len(exact) > 30
    seen = set(re.findall(r"(?<![\d.,])\d[\d,]*(?![\d.,]*\d)", texts(pages(site)[file])))
    assert not exact & seen


@pytest.mark.parametrize("file", sorted(THEMES))
def test_every_count_in_a_table_about_children_is_hidden_zero_or_a_multiple_of_5(
    file: str, site: Path
) -> None:
    tree = pages(site)[file]
    checked = 0
    for table in tree.xpath("//table[not(contains(@class, 'benchmarks'))]"):
        for cell in table.xpath(".//td[contains(@class, 'num')]"):
            for count in re.findall(r"(?<![\d.,])(\d[\d,]*)(?![\d.,]*[\d%])", cell.text_content()):
                n = int(count.replace(",", ""))
                checked += 1
                assert n == 0 or (n >= 10 and n % 5 == 0) or n in (174804, 62520, 237324), cell.text_content()
    assert checked > 20 or file == "health-in-care.html"


@pytest.mark.parametrize("file", sorted(THEMES))
def test_every_n_of_n_in_a_sentence_is_rounded(file: str, site: Path) -> None:
    found = re.findall(r"([\d,]+|c) of ([\d,]+|c)\b", texts(pages(site)[file]))
    found = [(a, b) for a, b in found if (a, b) != ("", "")]
    for part in (p for pair in found for p in pair if p != "c" and p.strip(",")):
        assert int(part.replace(",", "")) % 5 == 0


def test_the_board_table_shows_no_small_or_unrounded_count(release: Release) -> None:
    frame = pd.read_csv(release.board / "indicators.csv", dtype=str, keep_default_na=False)
    frame = frame[~frame["indicator_id"].isin(list(OPEN_COUNTS))]
    counts = pd.concat(
        [frame["numerator"], frame.loc[frame["unit"] == "percent", "denominator"], frame["excluded"]]
    )
    numbers = pd.to_numeric(counts, errors="coerce")
    assert set(counts[numbers.isna()]) <= {"c", "x", "z", "u", "low", ""}
    shown = numbers.dropna()
    assert ((shown == 0) | ((shown >= 10) & (shown % 5 == 0))).all()
    percent = frame[
        (frame["unit"] == "percent") & pd.to_numeric(frame["value"], errors="coerce").notna()
    ].astype({"numerator": float, "denominator": float, "value": float})
    assert ((100 * percent["numerator"] / percent["denominator"] - percent["value"]).abs() < 0.051).all()


def test_every_board_table_is_explained(release: Release) -> None:
    for table in release.board.glob("*.csv"):
        meta = json.loads(table.with_name(f"{table.name}-metadata.json").read_text())
        header = table.read_text().split("\n", 1)[0].split(",")
        assert [c["name"] for c in meta["tableSchema"]["columns"]] == header
        assert all(c["dc:description"] for c in meta["tableSchema"]["columns"])


def test_the_analysts_file_has_no_token(release: Release) -> None:
    with duckdb.connect(str(release.analyst), read_only=True) as con:
        found = con.execute("select table_name, column_name from information_schema.columns").fetchall()
    assert not [c for _, c in found if c == "child_token"]
    assert "bridge_child_token" not in {t for t, _ in found} and "dim_child" in {t for t, _ in found}
    for file in (f for f in release.path.rglob("*") if f.is_file()):
        assert b"c1_secret" not in file.read_bytes(), file.name


def test_the_record_names_rules_rows_and_hashes(release: Release) -> None:
    record = json.loads((release.path / "release.json").read_text())
    assert record["synthetic"] is True and record["release"] == release.id
    assert record["rules"]["hidden"] == "1 to 7" and record["rules"]["rounded_to"] == 5
    assert record["cells"]["hidden_by_symbol"]["c"] > 0
    assert set(record["files"]) >= {"board/indicators.csv", "report/index.html", "README.txt"}
    assert record["agreements"] == ["ISA-2024-01"]
    assert "SYNTHETIC" in (release.path / "README.txt").read_text()


def test_the_same_inputs_give_the_same_release_byte_for_byte(
    release: Release, warehouse: Path, home: Home, tmp_path: Path
) -> None:
    assert publish(warehouse, home, load_contracts(), synthetic=True).is_new is False
    elsewhere = Home(tmp_path)
    elsewhere.receipts.mkdir(parents=True)
    for receipt in home.receipts.iterdir():
        (elsewhere.receipts / receipt.name).write_bytes(receipt.read_bytes())
    again = publish(warehouse, elsewhere, load_contracts(), synthetic=True)
    assert again.id == release.id
    for file in sorted(
        f.relative_to(release.path) for f in release.path.rglob("*") if f.is_file() and f.suffix != ".duckdb"
    ):
        assert (release.path / file).read_bytes() == (again.path / file).read_bytes(), file


def test_what_a_killed_run_left_is_replaced(release: Release, warehouse: Path, tmp_path: Path) -> None:
    home = Home(tmp_path)
    left = home.releases / f"{release.id}.tmp"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    made = publish(warehouse, home, load_contracts(), synthetic=True)
    assert not left.exists() and not (made.path / "half").exists()
    assert (home.releases / "current").read_text() == made.id
    # Killed after the folder was renamed and before it was in force: the next run finishes the job.
    (home.releases / "current").unlink()
    (home.releases / "ledger.jsonl").unlink()
    again = publish(warehouse, home, load_contracts(), synthetic=True)
    assert again.id == made.id and not again.is_new
    assert (home.releases / "current").read_text() == made.id
    assert json.loads((home.releases / "ledger.jsonl").read_text())["release"] == made.id


def test_differences_between_lists_and_census_are_counted_by_field_and_protected(site: Path) -> None:
    table = pages(site)["returns.html"].xpath("//section[@aria-labelledby='gaps']//tbody/tr")
    assert [[" ".join(c.text_content().split()) for c in row] for row in table] == [
        ["Child protection plans: end date differs", "15", "c"],
        ["Child protection plans: only in the lists", "0", "c"],
    ]


def rows_of(tree: html.HtmlElement, section: str) -> list[list[str]]:
    found = tree.xpath(f"//section[@aria-labelledby='{section}']//tbody/tr")
    return [[" ".join(c.text_content().split()) for c in row] for row in found]


def said(tree: html.HtmlElement) -> str:
    return " ".join(texts(tree).split())


def test_recognising_says_how_many_agencies_know_a_child_without_small_counts(site: Path) -> None:
    tree = pages(site)["recognising.html"]
    assert rows_of(tree, "known") == [
        ["One agency", "41,215"], ["Two agencies", "9,105"], ["Three agencies", "1,410"], ["Four agencies", "c"],
    ]  # fmt: skip
    for cell in tree.xpath("//td[contains(@class, 'num')]"):
        for count in re.findall(r"(?<![\d.,])(\d[\d,]*)(?![\d.,]*[\d%])", cell.text_content()):
            n = int(count.replace(",", ""))
            assert n == 0 or (n >= 10 and n % 5 == 0), cell.text_content()


def test_recognising_says_how_good_it_is_with_its_parts(site: Path) -> None:
    tree = pages(site)["recognising.html"]
    assert "98.1% (60,075 of 61,240) are found" in said(tree)
    # Three wrong links of 60,078: not quite all is never said to be all, though both counts round to the same.
    assert "over 99.9% (60,075 of 60,080) are one child" in said(
        tree
    ) or "over 99.9% (60,075 of 60,075)" in said(tree)
    assert "100.0% (60,0" not in said(tree)
    assert "Of those that could be recognised by what was sent, 99.1% (60,080 of 60,625) are found." in said(
        tree
    )
    assert "on a synthetic partnership, size 0.1, seed 1" in said(tree)


def test_groups_recognised_less_often_are_named_in_words(site: Path) -> None:
    low = pages(site)["recognising.html"].xpath("//h3[@id='unequal']/following-sibling::ul[1]/li")
    named = [t.text_content() for t in low]
    assert any(
        t.startswith("All agencies together, Asian: recognised less often than everybody: 91.1%")
        for t in named
    )
    assert not [t for t in named if "Under 1" in t or "Black" in t]


def test_a_group_of_too_few_pairs_is_hidden(site: Path) -> None:
    tree = pages(site)["recognising.html"]
    black = tree.xpath("//div[@id='pair-health-police']//tr[th[starts-with(., 'Black')]]")
    assert [" ".join(c.text_content().split()) for c in black[0]][:3] == ["Black", "c", "c of c"]


def test_changes_of_keys_name_the_figures_they_touched(site: Path) -> None:
    assert rows_of(pages(site)["recognising.html"], "changed") == [
        ["r1", "2 June 2026", "25", "c", "Children reported missing"]
    ]


def test_pairs_that_wait_are_said_and_somebody_acts(site: Path) -> None:
    assert (
        said(pages(site)["recognising.html"]).count(
            "About 215 pairs of records wait for a person's decision."
        )
        == 2
    )


def test_the_first_page_and_the_page_about_trust_lead_to_it(site: Path) -> None:
    for name in ("index.html", "about.html", "returns.html"):
        assert pages(site)[name].xpath("//main//a[@href='recognising.html']"), name


def test_a_figure_of_two_agencies_says_what_linkage_error_means_for_it(site: Path) -> None:
    tree = pages(site)["missing.html"]
    noted = {
        s.get("id"): " ".join(s.text_content().split())
        for s in tree.xpath("//section[.//p[contains(@class, 'linked')]]")
    }
    assert set(noted) == {"ex09"}
    assert (
        "council and police records: of the pairs of records that are one child, 94.3% (8,610 of 9,130) are found"
        in noted["ex09"]
    )


def test_each_return_shows_its_match_rate(site: Path, warehouse: Path) -> None:
    tree = pages(site)["returns.html"]
    shown = [row[7] for row in rows_of(tree, "files")]
    assert any(re.fullmatch(r"\d+\.\d% \([\d,]+ of [\d,]+\)", cell) for cell in shown)
    assert all(re.fullmatch(r"|c|\d+\.\d% \([\d,]*[05] of [\d,]*[05]\)", cell) for cell in shown)
    assert tree.xpath("//tr[@id='dq05']")


def test_with_real_data_the_page_says_that_nothing_was_measured(warehouse: Path, tmp_path: Path) -> None:
    shutil.copyfile(warehouse, tmp_path / "real.duckdb")
    with duckdb.connect(str(tmp_path / "real.duckdb")) as con:
        con.execute("delete from quality.fct_linkage_quality")
    made = publish(tmp_path / "real.duckdb", Home(tmp_path / "home"), load_contracts(), synthetic=False)
    tree = pages(made.report.parent)["recognising.html"]
    assert "Not measured here." in said(tree) and "docs/linkage_quality.md" in said(tree)
    assert not tree.xpath("//svg[contains(@class, 'chart')]")
    assert not pages(made.report.parent)["missing.html"].xpath("//p[contains(@class, 'linked')]")


def test_board_tables_about_linkage_show_no_small_or_unrounded_count(release: Release) -> None:
    for name, counts in (
        ("match_rates", ("numerator", "denominator")),
        ("linkage", ("recall_n", "recall_of", "precision_n", "precision_of")),
    ):
        frame = pd.read_csv(release.board / f"{name}.csv", dtype=str, keep_default_na=False)
        shown = pd.concat([frame[c] for c in counts])
        numbers = pd.to_numeric(shown, errors="coerce")
        assert len(numbers.dropna()) > 20 and set(shown[numbers.isna()]) <= {"c", "x", "z"}, name
        assert ((numbers.dropna() == 0) | ((numbers.dropna() >= 10) & (numbers.dropna() % 5 == 0))).all(), (
            name
        )
