"""Publishing: from a closed, read-only warehouse to one release folder with a report, tables and an analyst's file.

Lives here: disclosure control, sentences, charts, the report site, exports, the release and its record.
Add here: a new page, a new audience, a new export.
Must not live here: reading senders' files, identity, or counting records; the framework's tables have counted already.
"""
