"""Check digits, written twice: as SQL for the engine that marks rows, and vectorised in Python for the judge.

Lives here: the NHS number's modulus 11 and the UPN's check letter.
Add here: the check digit of another identifier, in both forms; the test holds them against python-stdnum.
Must not live here: which field has a check digit (contracts), what happens to a row that fails (rules).

The two forms share nothing on purpose. Ten equal digits pass modulus 11 (111 111 1111 does) but are a stand-in, so they fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

#: pyarrow makes its functions when it is imported, so no checker knows their names.
pc: Any = pyarrow.compute

#: The UPN's letters: no I, O or S, which read as digits.
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def checksum_sql(kind: str, value: str) -> str:
    """A SQL boolean: true when `value` (an expression, not null) passes its check digit."""
    return {"nhs_number": _nhs_sql, "upn": _upn_sql}[kind](value)


def _nhs_sql(value: str) -> str:
    number = f"TRY_CAST({value} AS BIGINT)"
    total = " + ".join(f"{10 - i} * ({number} // {10 ** (9 - i)} % 10)" for i in range(9))
    # Ten equal digits are a multiple of 1,111,111,111, and nothing else of ten digits is.
    return (
        f"(length({value}) = 10 AND regexp_full_match({value}, '[0-9]{{10}}') AND {number} % 1111111111 <> 0 "
        f"AND (11 - ({total}) % 11) % 11 = {number} % 10)"
    )


def _upn_sql(value: str) -> str:
    digits = " + ".join(f"{i} * (ascii({value}[{i}]) - 48)" for i in range(2, 13))
    # The last place is a digit, or in a temporary number a letter worth its place in the alphabet, from 0.
    last = f"13 * (CASE WHEN {value}[13] BETWEEN '0' AND '9' THEN ascii({value}[13]) - 48 ELSE strpos('{UPN_LETTERS}', {value}[13]) - 1 END)"
    return (
        f"(regexp_full_match({value}, '[{UPN_LETTERS}][0-9]{{11}}[0-9{UPN_LETTERS}]') "
        f"AND '{UPN_LETTERS}'[({digits} + {last}) % 23 + 1] = {value}[1])"
    )


def passes(kind: str, values: Iterable[str] | pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """For each text, whether it passes its check digit. Whole columns at a time; no text may be null."""
    check, width = {"nhs_number": (_nhs, 10), "upn": (_upn, 13)}[kind]
    given: Any = (
        values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(list(values), pa.string())
    )
    texts: pa.Array = (given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given).cast(
        pa.string()
    )
    right = pc.equal(pc.binary_length(texts), width).to_numpy(zero_copy_only=False)
    sized = texts.filter(pa.array(right))
    out = np.zeros(len(texts), dtype=bool)
    if len(sized):
        # Texts of one length lie end to end in Arrow's memory, so their bytes are a matrix already.
        bytes_of = np.frombuffer(sized.buffers()[2], dtype=np.uint8)
        first = int(np.frombuffer(sized.buffers()[1], dtype=np.int32)[sized.offset])
        out[right] = check(bytes_of[first : first + width * len(sized)].reshape(-1, width).astype(np.int64))
    return out


def _nhs(points: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    digits = points - ord("0")
    numeric = ((digits >= 0) & (digits <= 9)).all(axis=1)
    # Weighted 10 down to 2 with the check digit at 1, a true number is a multiple of 11 (ISO 7064's way of saying it).
    return numeric & (digits @ np.arange(10, 0, -1) % 11 == 0) & (digits != digits[:, :1]).any(axis=1)


_VALUE = np.full(256, -1, dtype=np.int64)
_VALUE[[ord(c) for c in "0123456789"]] = range(10)
_LETTER = np.full(256, -1, dtype=np.int64)
_LETTER[[ord(c) for c in UPN_LETTERS]] = range(23)


def _upn(points: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    first, middle, last = _LETTER[points[:, 0]], _VALUE[points[:, 1:12]], points[:, 12]
    end = np.where(_VALUE[last] >= 0, _VALUE[last], _LETTER[last])
    sound = (first >= 0) & (middle >= 0).all(axis=1) & (end >= 0)
    return sound & ((middle @ np.arange(2, 13) + 13 * end) % 23 == first)
