"""The flow as Dagster sees it, and the command line.

Lives here: assets, checks, partitions, sensors and schedules made from the contracts; the `scp` commands.
Add here: one module per Dagster concept; nothing for one extract alone (that belongs in its contract).
Must not live here: domain logic. What a row means is in ingest, what a figure means is in dbt_project.
"""
