"""Projections: pure functions from a contract to something else, one module each.

Lives here: Arrow schema, dbt source file, data dictionary, ODCS export, specification sheet, template, synthetic rows.
Add here: another thing that can be made from a contract alone.
Must not live here: reading or writing data; a second statement of anything that the contract already says.
"""
