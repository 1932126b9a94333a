"""From a sender's file to accepted rows in the lake.

Lives here: everything between a file as sent and its accepted, minimised, pseudonymised rows: contracts,
agreements, readers, parsing, rules, privacy, identity, the lake and the receipts.
Add here: a new kind of input, a new rule kind, a new projection of the contract.
Must not live here: anything that imports dagster, dbt or great_expectations (a test forbids it).
"""
