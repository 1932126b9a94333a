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

#: The model in use, and one that waits for a second person.
IN_USE, PROPOSED = "model", "proposed_model"
_FREQUENCIES = ("forenames", "surnames")


def current(store: IdentityStore) -> Model:
    """The room's own model, or the packaged one."""
    return _read(store, IN_USE) or packaged()


def proposed(store: IdentityStore) -> Model | None:
    """The model that waits for a second person."""
    return _read(store, PROPOSED)


def is_own(store: IdentityStore) -> bool:
    """Whether the model in use was made in this room."""
    return _read(store, IN_USE) is not None


def replace(store: IdentityStore, model: Model, name: str = IN_USE) -> None:
    """Make this the room's model. Frequencies first, so that a run killed between sees the old weights or the new model."""
    store.put_state(f"{name}_forenames", model.forenames)
    store.put_state(f"{name}_surnames", model.surnames)
    store.put_state(name, pa.table({"model": [model.to_json()]}))


def remove(store: IdentityStore, name: str = IN_USE) -> None:
    """Keep it no longer; without a model of its own the room goes back to the packaged one."""
    for part in (name, *(f"{name}_{kind}" for kind in _FREQUENCIES)):
        store.drop_state(part)


def _read(store: IdentityStore, name: str) -> Model | None:
    weights = store.state(name)
    forenames, surnames = (store.state(f"{name}_{kind}") for kind in _FREQUENCIES)
    if weights is None or forenames is None or surnames is None:
        return None
    body = json.loads(weights["model"][0].as_py())
    return Model(tuple(body["comparisons"]), body["prior"], forenames, surnames, body["trained_on"])
