"""Training: a new model from the data in the room, the evidence for it, and two persons who put it to use.

Lives here: learning, what would change if the model were used, proposing it and confirming it.
Add here: another figure that helps to decide for or against a model.
Must not live here: estimating weights (scored.py), which model is used (models.py), asking and printing (orchestration).

A model decides who is linked, so nobody changes it alone: one person proposes, another confirms. The proposal is kept in the room,
encrypted like the model itself, because it holds a list of names.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from ingest.identity import audit, models, records, scored
from ingest.identity.decisions import Refused
from ingest.identity.keys import FIRST_PSEUDONYM, load_key
from ingest.identity.linkage import Inputs, LinkageFailed, LinkReport, link_people
from ingest.identity.scored import Model
from ingest.identity.store import IdentityStore
from ingest.lake import Home

_PROPOSAL = "model_proposal"


@dataclass(frozen=True)
class Proposal:
    """A model that waits for a second person, and what would change. Counts and weights, no name."""

    model: Model
    officer: str
    before: LinkReport
    after: LinkReport

    @property
    def subject(self) -> str:
        """How the audit log names it."""
        return f"model-{self.model.fingerprint}"


def propose(home: Home, officer: str, *, packaged: bool = False, reference: str = "") -> Proposal:
    """Learn from the data in the room, or take the packaged model, and keep it as a proposal. Raises Refused, LinkageFailed."""
    store = IdentityStore(home.identity)
    inputs = Inputs.of(home, store)
    model = scored.packaged() if packaged else _learn(store, inputs)
    if model.fingerprint == inputs.model.fingerprint:
        raise Refused("That is the model that is in use.")
    before, after = (_rehearse(home, store, inputs, m) for m in (inputs.model, model))
    proposal = Proposal(model, officer, before, after)
    _log(home, "model_proposed", proposal, officer, reference)
    kept = {"officer": [officer], "packaged": [packaged], "fingerprint": [model.fingerprint]}
    models.replace(store, model, models.PROPOSED)
    store.put_state(_PROPOSAL, pa.table(kept))
    return proposal


def confirm(home: Home, fingerprint: str, officer: str, *, reference: str = "") -> Model:
    """Put the proposed model to use, as a second person. The next run links with it. Raises Refused."""
    store = IdentityStore(home.identity)
    kept = store.state(_PROPOSAL)
    waiting = kept.to_pylist()[0] if kept is not None else None
    model = models.proposed(store)
    if waiting is None or model is None or waiting["fingerprint"] != fingerprint:
        raise Refused("No such model is proposed.")
    if str(waiting["officer"]).casefold() == officer.casefold():
        raise Refused("A second person must confirm a model: you proposed this one.")
    _log(
        home,
        "model_confirmed",
        Proposal(model, officer, LinkReport(), LinkReport()),
        officer,
        reference,
        counted=False,
    )
    if waiting["packaged"]:
        models.remove(store)
    else:
        models.replace(store, model)
    drop(store)
    return model


def waiting(store: IdentityStore) -> str | None:
    """The fingerprint of the model that is proposed."""
    kept = store.state(_PROPOSAL)
    return kept["fingerprint"][0].as_py() if kept is not None else None


def drop(store: IdentityStore) -> None:
    """Take a proposal back."""
    store.drop_state(_PROPOSAL)
    models.remove(store, models.PROPOSED)


def weights(model: Model) -> list[tuple[str, str, float, float, float]]:
    """What each level speaks for: (attribute, level, m, u, weight in bits)."""
    return [
        (c["name"], level, p["m"], p["u"], scored.bits(p["m"], p["u"]))
        for c in model.comparisons
        for level, p in c["levels"].items()
    ]


def _learn(store: IdentityStore, inputs: Inputs) -> Model:
    told = f"the data in this room on {dt.datetime.now(dt.UTC).date().isoformat()}, {len(inputs.ids)} submissions"
    from splink.internals.exceptions import EMTrainingException

    with records.connection() as con:
        try:
            records.prepare(con, store.read(inputs.ids, records.COLUMNS), inputs.submissions)
            (n,) = con.execute("select count(*) from record").fetchone() or (0,)
            if n < LEAST_RECORDS:
                raise Refused(
                    f"There are {n} records in the room; a model needs {LEAST_RECORDS} to learn from."
                )
            return _whole(scored.train(con, told))
        except Refused:
            raise
        except EMTrainingException:
            raise Refused(
                "The records in the room hold too few true pairs of some kind to learn from; the model in use stays."
            ) from None
        except Exception as error:
            # What a library says of an error may quote a value.
            raise LinkageFailed(f"training did not end: {type(error).__name__}") from None


def _whole(model: Model) -> Model:
    """The model, if it learnt something about every attribute. Raises Refused: one that ignores forenames joins twins."""
    known = {name for name, _, m, u, _ in weights(model) if m != u}
    missing = sorted({name for name, *_ in weights(model)} - known)
    if missing:
        raise Refused(f"Nothing could be learnt about {', '.join(missing)}; the model in use stays.")
    return model


#: Fewer records than this have too few true pairs to tell a slip from another child.
LEAST_RECORDS = 1000


def _rehearse(home: Home, store: IdentityStore, inputs: Inputs, model: Model) -> LinkReport:
    """What a link with this model would count; nothing is handed over or kept."""
    read = store.read(inputs.ids, records.COLUMNS)
    key = load_key(home.identity, FIRST_PSEUDONYM)
    return link_people(read, inputs.submissions, key, model, decided=inputs.decided).report


def _log(
    home: Home, action: str, proposal: Proposal, officer: str, reference: str, *, counted: bool = True
) -> None:
    counts = {
        "persons_before": proposal.before.persons, "persons_after": proposal.after.persons,
        "review_before": proposal.before.review_pairs, "review_after": proposal.after.review_pairs,
    } if counted else {}  # fmt: skip
    audit.append(home, action, officer=officer, reason="linkage_review", reference=reference,
                 subject=proposal.subject, counts=counts)  # fmt: skip
