"""Agreement -> the schedule that people sign: the same text that the machine enforces.

Lives here: the agreement as Markdown.
Add here: a term that signatories need to see.
Must not live here: terms that the machine does not keep.
"""

from __future__ import annotations

from ingest.agreement import Agreement
from ingest.contract import Contracts
from ingest.projections.wording import md_table, sentence

_PURPOSE = {
    "statutory_partnership_performance": "performance of the statutory partnership",
    "safeguarding_assurance": "safeguarding assurance",
    "linkage_only": "recognising the same child",
    "published_statistics": "published statistics",
    "testing": "testing",
}
_BASIS = {
    "art6-1-c": "UK GDPR article 6(1)(c), legal obligation",
    "art6-1-e": "UK GDPR article 6(1)(e), public task",
    "dpa2018-part3": "DPA 2018 part 3, law enforcement",
    "not_personal_data": "not personal data",
}


def agreement_page(agreement: Agreement, contracts: Contracts) -> str:
    """The schedule of one agreement."""
    parts = [
        f"# {agreement.id}: {agreement.title}",
        "",
        md_table(("term", "as enforced"), _terms(agreement)),
        "",
    ]
    for key, flow in agreement.flows.items():
        extract = contracts[key]
        parts += [f"## {extract.code} {extract.title} ({flow.schedule})", ""]
        purposes = ", ".join(_PURPOSE[p] for p in flow.purposes)
        parts += [f"Purposes: {purposes}. Rows are seen by: {flow.min_audience.replace('_', ' ')}.", ""]
        if flow.every_field:
            parts += ["Every column of the published file.", ""]
            continue
        rows: list[tuple[str, ...]] = []
        for table in extract.tables:
            terms = flow.tables.get(table.name)
            if terms is None:
                rows.append((f"`{table.name}`", "not agreed", "", "", ""))
                continue
            rows.append(
                (
                    f"`{table.name}`",
                    *(
                        ", ".join(names)
                        for names in (terms.required, terms.optional, terms.linkage_only, terms.prohibited)
                    ),
                )
            )
        parts += [md_table(("table", "required", "optional", "for linkage only", "prohibited"), rows), ""]
    parts += [
        "A field that is not listed is not agreed: it is dropped before anything is stored, and the receipt says so.",
        "",
    ]
    return "\n".join(parts)


def _terms(agreement: Agreement) -> list[tuple[str, str]]:
    kept = agreement.retention
    until = f"{agreement.effective_to:%d/%m/%Y}" if agreement.effective_to else "no end"
    rows = [
        ("Status", agreement.status.replace("_", " ") + (", suspended" if agreement.suspended else "")),
        ("Version", agreement.version),
        ("In force", f"{agreement.effective_from:%d/%m/%Y} to {until}"),
        ("Review by", f"{agreement.review_by:%d/%m/%Y}" if agreement.review_by else ""),
        ("Under", agreement.above),
        ("Parties", "; ".join(f"{p.name} ({p.role.replace('_', ' ')})" for p in agreement.parties)),
        ("Lawful basis", "; ".join(_BASIS[b] for b in agreement.lawful_basis)),
        ("Statutory gateway", "; ".join(agreement.statutory_gateway)),
        ("Special category condition", agreement.special_category_condition),
        ("Criminal offence condition", agreement.criminal_offence_condition),
        ("Licence", agreement.licence),
        ("Files as sent are kept", f"{kept.landing_days} days" if kept.landing_days else ""),
        ("Pseudonymised rows are kept", f"{kept.raw_years} years" if kept.raw_years is not None else ""),
        ("Identifiers are kept", f"{kept.identity_years} years" if kept.identity_years is not None else ""),
        ("Disposal", kept.disposal.replace("_", " ")),
    ]
    return [(term, sentence(words)) for term, words in rows if words]
