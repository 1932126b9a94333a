"""Which model is used: the packaged one, or the one that was trained on the data in this room.

Lives here: reading and replacing the room's model.
Add here: a question about models.
Must not live here: training and scoring (scored.py).

A model trained on real data holds a list of names, so it stays in the room, encrypted. Training is a decision by people, never a
side effect of a run: a new model can change who is linked, and the events say so.
"""

from __future__ import annotations

import json

import pyarrow as pa

from ingest.identity.scored import Model, packaged
from ingest.identity.store import IdentityStore

_FREQUENCIES = ("forenames", "surnames")


def current(store: IdentityStore) -> Model:
    """The room's own model, or the packaged one."""
    weights = store.state("model")
    if weights is None:
        return packaged()
    body = json.loads(weights["model"][0].as_py())
    names = [store.state(f"model_{kind}") for kind in _FREQUENCIES]
    if any(t is None for t in names):
        return packaged()
    return Model(tuple(body["comparisons"]), body["prior"], names[0], names[1], body["trained_on"])  # type: ignore[arg-type]


def replace(store: IdentityStore, model: Model) -> None:
    """Make this the room's model. Frequencies first, so that a run killed between sees the old weights or the new model."""
    store.put_state("model_forenames", model.forenames)
    store.put_state("model_surnames", model.surnames)
    store.put_state("model", pa.table({"model": [model.to_json()]}))


def remove(store: IdentityStore) -> None:
    """Go back to the packaged model."""
    for name in ("model", *(f"model_{kind}" for kind in _FREQUENCIES)):
        store.drop_state(name)
