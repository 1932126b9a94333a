"""How two records compare, attribute by attribute: the levels that the model weighs and that the rules speak of.

Lives here: each comparison's levels, best first, as SQL over two records `l` and `r`.
Add here: a level, a comparison. The model must then be trained anew (`scp identity train`).
Must not live here: how much a level weighs (model.json), what is linked (outcomes.py).

One list for both readers: Splink gets it as comparisons, exact linkage as one CASE an attribute, so "the forenames agree"
means the same wherever it is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Two birth dates further apart than this are not one date with a slip: brothers and sisters are born nine months apart or more.
MOST_DAYS_OF_A_SLIP = 240


@dataclass(frozen=True)
class Level:
    """One way in which two values may compare. `frequency`: agreeing on a rare value says more than on a common one."""

    name: str
    sql: str
    frequency: bool = False


@dataclass(frozen=True)
class Comparison:
    """Levels from best to worst, then `differ`; `unknown` when one of the two has no value."""

    name: str
    column: str
    unknown: str
    levels: tuple[Level, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """Names by Splink's gamma: 0 is `differ`; -1, unknown, is the last, as in Python's own counting."""
        return ("differ", *(level.name for level in reversed(self.levels)), "unknown")

    def gamma(self, *names: str) -> tuple[int, ...]:
        """Splink's numbers of these levels."""
        return tuple(-1 if n == "unknown" else self.values.index(n) for n in names)

    def case(self) -> str:
        """SQL of the gamma of records `l` and `r`."""
        whens = " ".join(f"when {x.sql} then {self.values.index(x.name)}" for x in self.levels)
        return f"case when {self.unknown} then -1 {whens} else 0 end"

    def splink(self) -> dict[str, object]:
        """The comparison as Splink's settings want it, untrained."""
        null: dict[str, object] = {
            "sql_condition": self._sided(self.unknown),
            "label_for_charts": "unknown",
            "is_null_level": True,
        }
        levels = [self._level(x) for x in self.levels]
        return {
            "output_column_name": self.name,
            "comparison_description": self.name,
            "comparison_levels": [null, *levels, {"sql_condition": "ELSE", "label_for_charts": "differ"}],
        }

    def _level(self, level: Level) -> dict[str, object]:
        made: dict[str, object] = {"sql_condition": self._sided(level.sql), "label_for_charts": level.name}
        return made | ({"tf_adjustment_column": self.column} if level.frequency else {})

    @staticmethod
    def _sided(sql: str) -> str:
        """`l.x` and `r.x` in Splink's way: x_l and x_r."""
        return re.sub(r"\b([lr])\.(\w+)", r'"\2_\1"', sql)


def _near(column: str, jaro_winkler: float) -> str:
    """A slip of one letter in a name that is not too short for it, or most of it the same."""
    a, b = f"l.{column}", f"r.{column}"
    return (
        f"(least(length({a}), length({b})) >= 4 and damerau_levenshtein({a}, {b}) <= 1) "
        f"or jaro_winkler_similarity({a}, {b}) >= {jaro_winkler}"
    )


FORENAME = Comparison(
    "forename",
    "forename",
    "l.forename is null or r.forename is null",
    (
        Level("same", "l.forename = r.forename", frequency=True),
        # Forename and surname in each other's place: all the words agree.
        # Without the column `surname` in it: Splink learns nothing about a comparison in a block on a column that it reads.
        Level("exchanged", "l.name_set = r.name_set"),
        # A nickname, a transliteration, or the middle name.
        Level(
            "known_as",
            "list_has_any(l.forename_keys, r.forename_keys) or list_has_any(l.forename_words, r.forename_words)",
        ),
        Level(
            "near",
            f"({_near('forename', 0.9)}) or (l.forename_sound = r.forename_sound and l.forename[1] = r.forename[1])",
        ),
    ),
)
SURNAME = Comparison(
    "surname",
    "surname",
    "l.surname is null or r.surname is null",
    (
        Level("same", "l.surname = r.surname", frequency=True),
        # One half of a double-barrelled name, or forename and surname exchanged.
        Level("part", "list_has_any(l.surname_words, r.surname_words) or l.name_set = r.name_set"),
        Level("near", _near("surname", 0.92)),
    ),
)
BIRTH = Comparison(
    "birth",
    "birth_date",
    "l.birth_date is null or r.birth_date is null",
    (
        Level("same", "l.birth_date = r.birth_date"),
        # Day and month exchanged, or one slip of a digit in the same nine months.
        Level(
            "slip",
            f"l.birth_key = r.birth_key or (damerau_levenshtein(l.birth_text, r.birth_text) <= 1 "
            f"and abs(l.birth_date - r.birth_date) <= {MOST_DAYS_OF_A_SLIP})",
        ),
        # 1 January of the right year is what is written when only the year is known.
        Level(
            "year",
            "l.birth_year = r.birth_year and (right(l.birth_text, 4) = '0101' or right(r.birth_text, 4) = '0101')",
        ),
    ),
)
SEX = Comparison("sex", "sex", "l.sex is null or r.sex is null", (Level("same", "l.sex = r.sex"),))
POSTCODE = Comparison(
    "postcode",
    "postcodes",
    "len(l.postcodes) = 0 or len(r.postcodes) = 0",
    (
        Level("same", "list_has_any(l.postcodes, r.postcodes)"),
        Level("district", "list_has_any(l.districts, r.districts)"),
    ),
)
COMPARISONS = (FORENAME, SURNAME, BIRTH, SEX, POSTCODE)
