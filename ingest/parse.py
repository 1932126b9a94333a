"""Contract -> SQL that reads a sender's strings as typed values, tolerant where it is safe, never guessing.

Lives here: cleaning of a cell, and one SQL expression a field type that reads it. Everything is one DuckDB projection.
Add here: the reading of a new field type, or another harmless way in which senders write a known one.
Must not live here: whether a value is right (rules.py), what may be kept of it (privacy.py), how a file is opened (readers).

For each field the projection yields
  `<field>__sent`  the cell, trimmed, with stand-ins for blank ("N/A", "TBC") read as blank; NULL means that nothing was sent
  `<field>`        the typed value (`<field>_symbol` too for figures); for strings this is the cleaned cell, so no `__sent`
and words of bits, `_mended0` and on, one bit a field, set where the value was read although written another way.

What is never done: a value never passes through a float to become an id, day and month are never swapped, a two-digit
year or a time zone is never filled in, an unreadable value never becomes a plain null (`__sent` stays and the rule
`readable` finds it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ingest.contract import CODE_SEPARATOR, CodeList, FieldSpec, FieldType, Table

#: pyarrow makes its functions when it is imported, so no checker knows their names.
pc: Any = pyarrow.compute

#: White space that a cell may carry around its value: blanks, tabs, no-break and zero-width spaces, byte order marks.
SPACE = " \t\r\n\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
#: Stand-ins for blank in any cell, unless they are a code of the field's list.
BLANK_SIGNS = (
    "-",
    "--",
    "---",
    "\u2013",
    "\u2014",
    ".",
    "?",
    "n/a",
    "n\\a",
    "#n/a",
    "#n/a n/a",
    "#value!",
    "#ref!",
    "#null!",
    "#name?",
    "tbc",
    "t.b.c.",
)
#: Words that stand for blank, except in names (a family may be called Null or Na) and in free text.
BLANK_WORDS = ("na", "null", "none", "nil", "nan", "<na>", "nat", "unknown", "not known", "not recorded")
#: The DfE's and ONS's symbols for a figure that is not shown.
SYMBOLS = ("c", "x", "z", "k", "low", "u", ":", "..", "*", "~")
TRUE, FALSE = ("1", "true", "y", "yes"), ("0", "false", "n", "no")
#: Dates outside these years are a slip of the keyboard or a year of two digits, so they are unreadable, not mended.
FIRST_YEAR, LAST_YEAR = 1850, 2150

#: Verdicts in one word of bits.
BITS = 60

ISO_DATES = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S.%f",
)
ISO_TIMES = ISO_DATES[1:]


def name(identifier: str) -> str:
    """A quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str | int | float | bool | None) -> str:
    """A SQL literal. The only place where a value is written into SQL; values come from contracts, never from rows."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def among(expression: str, values: Iterable[str]) -> str:
    """`expression IN (values)`, false when there is no value."""
    listed = ", ".join(literal(v) for v in values)
    return f"({expression} IN ({listed}))" if listed else "false"


def fold(expression: str) -> str:
    """Lower case, letter for letter."""
    return f"lower({expression})"


def folded(text: str) -> str:
    """`fold`, in Python, for keys of code lists. DuckDB lowers one letter to one letter, Python may make two of one."""
    return "".join(c.lower()[0] for c in text)


@dataclass(frozen=True)
class Codes:
    """A code list as SQL sees it in one year."""

    stored: dict[str, str]  # folded spelling or code -> the code that is stored
    by_code: dict[str, str]  # folded code -> the code that is stored
    exact: tuple[str, ...]  # the codes, as the list writes them
    other_years: tuple[str, ...]  # folded codes that this year's list does not carry

    @classmethod
    def of(cls, codelist: CodeList, year: int) -> Codes:
        by_code: dict[str, str] = {}
        for code in codelist.codes:
            by_code.setdefault(folded(code.code), code.maps_to or code.code)
        live = {folded(c.code) for c in codelist.codes if c.in_force(year)}
        return cls(
            stored={**{folded(k): v for k, v in codelist.stored().items()}, **by_code},
            by_code=by_code,
            exact=tuple(c.code for c in codelist.codes),
            other_years=tuple(k for k in by_code if k not in live),
        )


@dataclass(frozen=True)
class Column:
    """How one field is read: the cell, what was sent, helpers computed once, the typed columns, and when it was mended."""

    spec: FieldSpec
    cell: str  # over the column of the file
    sent: str  # over <field>__cell
    helpers: tuple[tuple[str, str], ...]  # (suffix, over <field>__sent)
    typed: tuple[tuple[str, str], ...]  # (column, over <field>__sent and helpers)
    mended: str  # over all of them

    @property
    def keeps_sent(self) -> bool:
        """True when what was sent is a column of its own: strings are what was sent."""
        return self.spec.type is not FieldType.string


def trimmed(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells without white space around them. In Arrow, which builds the set of characters once; DuckDB would for every row.

    A look at the first and last byte of each cell spares most columns the work (0.4 s of a million rows of 14).
    """
    return pc.utf8_trim(cells, SPACE) if any(map(_may_need_trimming, cells.chunks)) else cells


def _may_need_trimming(cells: pa.Array) -> bool:
    """True when a cell begins or ends with white space, or with a letter beyond ASCII, of which some are white space."""
    kinds = {pa.string(): np.dtype("int32"), pa.large_string(): np.dtype("int64")}
    _, offsets, data = cells.buffers() if cells.type in kinds else (None, None, None)
    if offsets is None or data is None:
        return cells.type not in kinds
    ends = np.frombuffer(offsets, kinds[cells.type])[cells.offset : cells.offset + len(cells) + 1]
    starts, ends = ends[:-1], ends[1:]
    full = ends > starts
    text = np.frombuffer(data, np.uint8)
    return bool(_EDGE[text[starts[full]]].any() or _EDGE[text[ends[full] - 1]].any())


#: Bytes at the edge of a cell that call for a closer look.
_EDGE = np.array([b <= 0x20 or b >= 0x7F for b in range(256)])


def columns(table: Table, codes: dict[str, Codes]) -> tuple[Column, ...]:
    """How every field of a table is read."""
    return tuple(column(f, table, codes.get(f.codelist or "")) for f in table.fields)


def column(spec: FieldSpec, table: Table, codes: Codes | None) -> Column:
    own = table.identity.fields if table.identity else {}
    is_name = spec.name in (own.get("forename"), own.get("surname"))
    cell = name(spec.name)
    if not is_name:  # Excel's mark for text; but the surname 't Hooft begins with it
        cell = f"CASE WHEN starts_with({cell}, '''') THEN trim(substr({cell}, 2)) ELSE {cell} END"
    raw, sent = name(f"{spec.name}__cell"), name(f"{spec.name}__sent")
    blanks = _blanks(spec, is_name, codes)
    stand_in = f"lower({raw}) IN ({', '.join(literal(b) for b in blanks)})"
    # Most cells begin with a digit and no stand-in does: the cheap question first.
    sent_sql = (
        f"CASE WHEN {raw} = '' THEN NULL WHEN {raw} >= '0' AND {raw} < ':' THEN {raw} "
        f"WHEN length({raw}) <= 13 AND {stand_in} THEN NULL ELSE {raw} END"
    )
    read = _READERS[spec.type]
    if spec.type is FieldType.code:
        if codes is None:
            raise KeyError(f"no code list for {spec.name}")
        helpers, typed, other = _code(spec, codes)
    elif spec.type is FieldType.string:
        helpers, typed, other = _string(spec, is_id(spec, table) and not is_name)
    else:
        helpers, typed, other = read(spec)
    mended = f"({raw} <> '' AND {sent} IS NULL)" + (f" OR ({other})" if other else "")
    if not is_name:
        mended += f" OR starts_with({name(spec.name + '__raw')}, '''')"
    return Column(spec, cell, sent_sql, helpers, typed, mended)


def is_id(spec: FieldSpec, table: Table) -> bool:
    """A string that is a number or reference, so that Excel may have made 123.0 of it. Ids stay strings throughout."""
    return bool(
        spec.pattern
        or spec.checksum
        or spec.name in table.grain
        or (table.identity and spec.name == table.identity.local_id)
    )


def _blanks(spec: FieldSpec, is_name: bool, codes: Codes | None) -> list[str]:
    if spec.type is FieldType.figure:
        return ["n/a", "#n/a"]
    free = spec.type is FieldType.string and (is_name or spec.treatment == "drop")
    words = BLANK_SIGNS if free else (*BLANK_SIGNS, *BLANK_WORDS)
    return [w for w in words if codes is None or folded(w) not in codes.stored]


Parts = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], str]


def _string(spec: FieldSpec, identifier: bool) -> Parts:
    sent = name(f"{spec.name}__sent")
    value = sent
    if identifier:
        value = f"CASE WHEN contains({value}, '.') AND regexp_full_match({value}, '[0-9]+\\.0+') THEN split_part({value}, '.', 1) ELSE {value} END"
    if spec.checksum:
        right = {"nhs_number": 10, "upn": 13}[spec.checksum]
        value = (
            f"CASE WHEN length({value}) = {right} THEN {value} ELSE translate(({value}), ' -\u2013', '') END"
        )
    if spec.checksum == "upn":
        value = f"upper({value})"
    other = f"{sent} <> {name(spec.name)}" if value != sent else ""
    return (), ((spec.name, value),), other


def _code(spec: FieldSpec, codes: Codes) -> Parts:
    sent, key = name(f"{spec.name}__sent"), name(f"{spec.name}__key")
    if spec.split:
        known = f"list_filter(list_transform({several(spec)}, lambda x: {code_of('x', codes)}), lambda x: x IS NOT NULL)"
        joined = f"array_to_string(list_sort(list_distinct({known})), {literal(CODE_SEPARATOR)})"
        return (), ((spec.name, f"nullif({joined}, '')"),), ""
    return (("key", fold(sent)),), ((spec.name, code_of(sent, codes, key)),), ""


def several(spec: FieldSpec) -> str:
    """What was sent in a cell of several codes, as a list: cut at the separators, trimmed, without empty parts."""
    cut = f"regexp_split_to_array({name(spec.name + '__sent')}, {literal(f'[{re.escape(spec.split)}]')})"
    return f"list_filter(list_transform({cut}, lambda x: trim(x, {literal(SPACE)})), lambda x: x <> '')"


def code_of(text: str, codes: Codes, key: str = "") -> str:
    """The code that a text stands for, as SQL; null when for none. `key` is the text folded, where that is at hand."""
    prefix = _map(
        codes.by_code, fold(f"regexp_extract({text}, '^(\\S+)(?:\\s+[-\u2013\u2014]|\\s*:)\\s+\\S', 1)")
    )
    suffix = _map(codes.by_code, fold(f"regexp_extract({text}, '^[A-Za-z0-9]{{1,3}}[).:]\\s*(\\S+)$', 1)"))
    # "1) 2" could be either, so it is neither.
    junk = f"CASE WHEN {prefix} <> {suffix} THEN NULL ELSE coalesce({prefix}, {suffix}) END"
    found = _map(codes.stored, key or fold(text))
    return f"coalesce({found}, CASE WHEN regexp_matches({text}, '[).:\u2013\u2014 -]') THEN {junk} END)"


def _map(mapping: dict[str, str], expression: str) -> str:
    pairs = ", ".join(f"{literal(k)}: {literal(v)}" for k, v in mapping.items())
    return f"(MAP {{{pairs}}})[{expression}]"


def _integer(spec: FieldSpec) -> Parts:
    sent = name(f"{spec.name}__sent")
    plain = f"TRY_CAST({sent} AS BIGINT)"
    value = (
        f"CASE WHEN regexp_full_match({sent}, '[+-]?[0-9]{{1,18}}') THEN {plain} "
        f"WHEN regexp_full_match({sent}, '[+-]?(?:[0-9]{{1,18}}|[0-9]{{1,3}}(?:,[0-9]{{3}})+)(?:\\.0+)?') "
        f"THEN TRY_CAST(split_part(replace({sent}, ',', ''), '.', 1) AS BIGINT) END"
    )
    return (
        (),
        ((spec.name, value),),
        f"{name(spec.name)} IS NOT NULL AND NOT regexp_full_match({sent}, '[+-]?[0-9]+')",
    )


_NUMBER = "'[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?'"


def _number(sent: str) -> str:
    """A number written with digits. `inf` and `nan` are words, not numbers."""
    return f"CASE WHEN {sent} <> '' AND regexp_full_match({sent}, {_NUMBER}) THEN TRY_CAST(replace({sent}, ',', '') AS DOUBLE) END"


def _decimal(spec: FieldSpec) -> Parts:
    sent = name(f"{spec.name}__sent")
    return (), ((spec.name, _number(sent)),), f"{name(spec.name)} IS NOT NULL AND contains({sent}, ',')"


def _figure(spec: FieldSpec) -> Parts:
    sent = name(f"{spec.name}__sent")
    symbol = f"CASE WHEN {among(f'lower({sent})', SYMBOLS)} THEN lower({sent}) END"
    return (
        (),
        ((spec.name, _number(sent)), (f"{spec.name}_symbol", symbol)),
        f"{name(spec.name)} IS NOT NULL AND contains({sent}, ',')",
    )


def _boolean(spec: FieldSpec) -> Parts:
    sent = name(f"{spec.name}__sent")
    value = f"CASE WHEN {among(f'lower({sent})', (*TRUE, '1.0'))} THEN true WHEN {among(f'lower({sent})', (*FALSE, '0.0'))} THEN false END"
    return (), ((spec.name, value),), f"{among(sent, ('1.0', '0.0'))}"


def _moment(spec: FieldSpec, iso: tuple[str, ...]) -> Parts:
    sent, first = name(f"{spec.name}__sent"), name(f"{spec.name}__first")
    is_date = spec.type is FieldType.date
    later = [f for f in iso if f not in spec.formats]
    if is_date:  # a database's export writes a midnight behind the date
        later += [
            f"{f}{t}"
            for f in spec.formats
            for t in (" %H:%M", " %H:%M:%S", "T%H:%M:%S")
            if f"{f}{t}" not in later
        ]
    serial = f"TRY_CAST({sent} AS DOUBLE)"
    # Excel's day 60 is a 29 February 1900 that never was; 1900 to 2100 may be a year, so it is not taken for a day.
    day = f"CASE WHEN {serial} < 60 THEN {serial} + 1 WHEN {serial} >= 61 THEN {serial} END"
    excel = (
        f"CASE WHEN regexp_full_match({sent}, '[0-9]{{1,5}}(?:\\.[0-9]+)?') AND {serial} BETWEEN 1 AND 80000 "
        f"AND NOT regexp_full_match({sent}, '19[0-9]{{2}}|20[0-9]{{2}}|2100') "
        f"THEN TIMESTAMP '1899-12-30 00:00:00' + to_seconds(round(({day}) * 86400)) END"
    )
    basic = (
        f"CASE WHEN regexp_full_match({sent}, '(?:19|20)[0-9]{{6}}') THEN try_strptime({sent}, '%Y%m%d') END"
        if is_date
        else "NULL"
    )
    second = f"coalesce(try_strptime({sent}, {_formats(later)}), {basic}, {excel})"
    moment = f"CASE WHEN {sent} IS NULL THEN NULL WHEN {first} IS NOT NULL THEN {first} ELSE {second} END"
    kind = "DATE" if is_date else "TIMESTAMP"
    within = f"year({{0}}) BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
    return (
        (("first", f"try_strptime({sent}, {_formats(spec.formats)})"), ("moment", moment)),
        (
            (
                spec.name,
                f"CASE WHEN {within.format(name(f'{spec.name}__moment'))} THEN CAST({name(f'{spec.name}__moment')} AS {kind}) END",
            ),
        ),
        f"{name(spec.name)} IS NOT NULL AND {first} IS NULL",
    )


def _formats(formats: Iterable[str]) -> str:
    return "[" + ", ".join(literal(f) for f in formats) + "]"


def _date(spec: FieldSpec) -> Parts:
    return _moment(spec, ISO_DATES)


def _timestamp(spec: FieldSpec) -> Parts:
    return _moment(spec, ISO_TIMES)


def _plain(spec: FieldSpec) -> Parts:
    raise AssertionError(spec.type)  # strings and codes take more than the field; see `column`


_READERS = {
    FieldType.integer: _integer,
    FieldType.decimal: _decimal,
    FieldType.figure: _figure,
    FieldType.boolean: _boolean,
    FieldType.date: _date,
    FieldType.timestamp: _timestamp,
    FieldType.string: _plain,
    FieldType.code: _plain,
}


def bit_words(predicates: list[str]) -> list[str]:
    """Predicates packed as bits, BITS to a word: a row's verdicts in one scan, and a row without any in one comparison."""
    words: list[str] = []
    for start in range(0, len(predicates), BITS):
        bits = [
            f"CASE WHEN {p} THEN {1 << n}::BIGINT ELSE 0::BIGINT END"
            for n, p in enumerate(predicates[start : start + BITS])
            if p != "false"
        ]
        words.append(" | ".join(bits) or "0::BIGINT")
    return words


def projection(read: tuple[Column, ...], source: str) -> str:
    """The SELECT that reads every row of `source`: row numbers, typed columns, what was sent, and `_mended`."""
    numbers = "_row, _line, _parent_row"
    raw, sent, helper, moment, out = [numbers], ["*"], ["*"], ["*"], [numbers]
    for c in read:
        raw.append(
            f"{name(c.spec.name)} AS {name(c.spec.name + '__raw')}, {c.cell} AS {name(c.spec.name + '__cell')}"
        )
        sent.append(f"{c.sent} AS {name(c.spec.name + '__sent')}")
        for depth, (suffix, sql) in enumerate(c.helpers):
            (helper, moment)[depth].append(f"{sql} AS {name(f'{c.spec.name}__{suffix}')}")
        out.extend(name(column_name) for column_name, _ in c.typed)
        if c.keeps_sent:
            out.append(name(f"{c.spec.name}__sent"))
    typed = ["*", *(f"{sql} AS {name(column_name)}" for c in read for column_name, sql in c.typed)]
    out.extend(f"{word} AS _mended{n}" for n, word in enumerate(bit_words([c.mended for c in read])))
    layers = [raw, sent, helper, moment, typed, out]
    sql = source
    for layer in layers:
        sql = f"SELECT {', '.join(layer)} FROM {sql if sql == source else f'({sql})'}"
    return sql
