"""Scored linkage: how likely two records are one child, by the model of Fellegi and Sunter as Splink runs it on DuckDB.

Lives here: which pairs are compared at all, scoring them, training a model, reading and writing it.
Add here: a blocking rule.
Must not live here: levels (compare.py), thresholds and rules (outcomes.py), who is linked (clusters.py).

A model is a folder: `model.json` (what each level weighs, when and on what it was trained) and how common each name is
(`forename_frequency.csv`, `surname_frequency.csv`). The packaged one was trained on the synthetic partnership; `scp identity
train` makes one from the data in the room and keeps it there, encrypted, because a list of names is about people.
A score depends on the two records and the model only, never on the other records: so a month's new records can be scored
alone, and any order of arrival gives the same scores.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from dataclasses import dataclass
from importlib import resources
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv

from ingest.identity.compare import COMPARISONS
from ingest.identity.outcomes import REVIEW

#: A name's frequency when the model has not met it: as if once.
UNSEEN = 1.0
#: A spelling that so many records bear is a name of its own, not a slip of another.
ESTABLISHED = 3
#: Gammas kept with a pair.
GAMMAS = tuple(f"gamma_{c.name}" for c in COMPARISONS)
SEED = 2026
#: No level is impossible among true pairs because the training data happened to have none.
LEAST_M = 1e-4
#: Pairs that training looks at; more changes the third decimal and takes minutes (a million records, one birth date: 120 s).
TRAINING_PAIRS = 1_000_000
RANDOM_PAIRS = 5_000_000

_COLUMNS = (
    "record_id, token, forename, forename_words, forename_keys, forename_sound, surname, surname_words, name_set, birth_date, birth_key, "
    "birth_year, birth_text, sex, postcodes, districts"
)


@dataclass(frozen=True)
class Model:
    """A trained model: Splink's settings without blocking rules, and how many records of the training data bear each name."""

    comparisons: tuple[dict[str, Any], ...]
    prior: float
    forenames: pa.Table  # name, records
    surnames: pa.Table
    trained_on: str

    @property
    def fingerprint(self) -> str:
        """Changes when any weight or frequency does."""
        body = json.dumps([self.comparisons, self.prior], sort_keys=True).encode()
        digest = hashlib.sha256(body)
        for table in (self.forenames, self.surnames):
            digest.update(repr(table.sort_by("name").to_pydict()).encode())
        return digest.hexdigest()[:16]

    def to_json(self) -> str:
        return json.dumps(
            {"trained_on": self.trained_on, "prior": self.prior, "comparisons": list(self.comparisons)},
            indent=1,
        )


def bits(m: float, u: float) -> float:
    """What a level weighs: the log to base 2 of how much likelier it is in true pairs than in others."""
    return math.log2(m / u)


def packaged() -> Model:
    """The model that comes with the code, trained on the synthetic partnership."""
    folder = resources.files("ingest.identity") / "model"
    body = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    kinds = pyarrow.csv.ConvertOptions(
        column_types={"name": pa.string(), "records": pa.int64()}, strings_can_be_null=False
    )
    tables = [
        pyarrow.csv.read_csv(str(folder / f"{name}_frequency.csv"), convert_options=kinds)
        for name in ("forename", "surname")
    ]
    return Model(tuple(body["comparisons"]), body["prior"], tables[0], tables[1], body["trained_on"])


def score(con: duckdb.DuckDBPyConnection, model: Model, new: str = "true") -> str:
    """Score the pairs of records of which at least one satisfies `new` (SQL on `record`). Returns a table's name.

    The table has one row a pair above REVIEW: record_l, record_r (record_l < record_r), weight (rounded to a hundredth,
    in bits), one gamma a comparison. Blocking: see `_blocks`.
    """
    con.execute("drop table if exists scored_pair")
    frequencies(con, model)
    everything = con.execute(f"select count(*) filter (where not ({new})) = 0 from record").fetchone() == (
        True,
    )
    con.execute("create or replace temp view record_known as select * from record")
    linker, api = _linker(con, model, "record_known")
    for column in ("forename", "surname"):
        lookup = api.register(f"tf_{column}_lookup", dataset_display_name=f"tf_{column}_lookup")
        linker.table_management.register_term_frequency_lookup(lookup, column)
    found = []
    if everything:
        found.append(linker.inference.predict_within(_view(con, api, "all", "true"), **_options()))
    else:
        fresh, rest = _view(con, api, "new", new), _view(con, api, "old", f"not ({new})")
        found.append(linker.inference.predict_within(fresh, **_options()))
        found.append(linker.inference.predict_between(fresh, rest, **_options()))
    select = " union all ".join(
        f"select least(record_id_l, record_id_r) as record_l, greatest(record_id_l, record_id_r) as record_r, match_weight "
        f"from {frame.physical_name} where token_l <> token_r"
        for frame in found
    )
    # Splink keeps a pair's levels only together with all that they were read from: so they are read again, for the pairs that count.
    con.execute(
        f"""create temp table scored_pair as
            select s.*, {", ".join(f"({c.case()})::tinyint as {g}" for c, g in zip(COMPARISONS, GAMMAS, strict=True))}
            from (select record_l, record_r, max(round(match_weight, 2))::float as weight from ({select}) group by all) s
            join record l on s.record_l = l.record_id join record r on s.record_r = r.record_id"""
    )
    for frame in found:
        frame.drop_table_from_database_and_remove_from_cache()
    return "scored_pair"


def train(con: duckdb.DuckDBPyConnection, trained_on: str) -> Model:
    """Estimate the weights from the records that are there, without labels (Splink's random sampling for u, EM for m).

    One record a token, the most often sent: a token under two names would teach the model that one child bears two.
    """
    con.execute("create or replace temp view record_known as select * from record where rank_in_token = 1")
    from splink import block_on

    linker, _ = _linker(con, None, "record_known")
    training = linker.training
    exact = block_on("forename", "surname", "birth_date")
    training.estimate_probability_two_random_records_match([exact], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    # Each block must be mostly true pairs for what it estimates: a name alone, in a county, is not.
    for block in (
        block_on("birth_date", "surname"), block_on("birth_date", "forename"), block_on("forename", "surname", "postcodes[1]"),
    ):  # fmt: skip
        training.estimate_parameters_using_expectation_maximisation(block, max_pairs=TRAINING_PAIRS)
    settings = linker.misc.save_model_to_json()
    counts = [
        con.execute(
            f"select {c} as name, count(*) as records from record_known where {c} is not null group by all order by all"
        ).to_arrow_table()
        for c in ("forename", "surname")
    ]
    comparisons = tuple(_plain(c) for c in settings["comparisons"])
    return Model(
        comparisons, settings["probability_two_random_records_match"], counts[0], counts[1], trained_on
    )


def _plain(comparison: dict[str, Any]) -> dict[str, Any]:
    """What was learnt, and not what compare.py says already: each level's m and u by its name."""
    return {
        "name": comparison["output_column_name"],
        "levels": {
            level["label_for_charts"]: _learnt(level)
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        },
    }


def _learnt(level: dict[str, Any]) -> dict[str, float]:
    """A level that the training data never showed (nobody's sex is known, say) speaks neither for nor against."""
    m, u = level.get("m_probability"), level.get("u_probability")
    if not (isinstance(m, float) and isinstance(u, float) and u > 0):
        return {"m": 0.5, "u": 0.5}
    return {"m": max(m, LEAST_M), "u": u}


def _settings(model: Model | None) -> dict[str, Any]:
    comparisons = [c.splink() for c in COMPARISONS]
    if model is not None:
        learnt = {c["name"]: c["levels"] for c in model.comparisons}
        for comparison in comparisons:
            for level in comparison["comparison_levels"]:  # type: ignore[union-attr]
                if not level.get("is_null_level"):
                    known = learnt[comparison["output_column_name"]][level["label_for_charts"]]
                    level |= {"m_probability": known["m"], "u_probability": known["u"]}
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "record_id",
        "probability_two_random_records_match": model.prior if model else 0.0001,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": _blocks(),
        "additional_columns_to_retain": ["token"],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


def _blocks() -> list[Any]:
    """Pairs worth comparing: the birth date (or its exchanged form) with either name or a postcode; the year of birth with either
    name and a postcode; or all words of the name in any order with the year of birth or a postcode. Nothing on a name alone."""
    from splink import block_on

    return [
        block_on("birth_key", "forename"),
        block_on("birth_key", "surname"),
        block_on("birth_key", "postcodes", arrays_to_explode=["postcodes"]),
        block_on("surname", "birth_year", "postcodes", arrays_to_explode=["postcodes"]),
        block_on("forename", "birth_year", "postcodes", arrays_to_explode=["postcodes"]),
        block_on("name_set", "birth_year"),
        block_on("name_set", "postcodes", arrays_to_explode=["postcodes"]),
    ]


def _linker(con: duckdb.DuckDBPyConnection, model: Model | None, table: str) -> tuple[Any, Any]:
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=con)
    # Its notes quote SQL, and the estimates are ours to tell; what it checks of the settings ends in notes alone.
    linker = Linker(
        api.register(table, dataset_display_name="record"),
        _settings(model),
        log_level=logging.CRITICAL,
        validate_settings=False,
    )
    return linker, api


def _view(con: duckdb.DuckDBPyConnection, api: Any, name: str, condition: str) -> Any:
    con.execute(f"create or replace temp view record_{name} as select * from record_known where {condition}")
    return api.register(f"record_{name}", dataset_display_name=name)


def _options() -> dict[str, Any]:
    return {"threshold_match_weight": REVIEW, "warning_mode": "never"}


def frequencies(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make `tf_forename` and `tf_surname`: how common each name is, from the model and not from the data of the day.

    A name that the model has not met counts as UNSEEN; one that ESTABLISHED records bore is a name of its own.
    """
    for column, known in (("forename", model.forenames), ("surname", model.surnames)):
        con.register("known", known)
        con.execute(
            f"""create or replace temp table tf_{column} as
                select
                    n.{column},
                    coalesce(k.records, {UNSEEN}) / greatest((select sum(records) from known), 1) as tf_{column},
                    coalesce(k.records, 0) >= {ESTABLISHED} as is_established
                from (select distinct {column} from record where {column} is not null) n left join known k on n.{column} = k.name;
                create or replace temp view tf_{column}_lookup as select {column}, tf_{column} from tf_{column}"""
        )
        con.unregister("known")
