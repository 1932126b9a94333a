"""Identity: the only part of the code that sees who a row is about after it has been read.

Lives here: key files, the encrypted identifier store, linkage of pseudonyms to persons.
Add here: a linkage step (`linkage.STEPS`), a key of another purpose.
Must not live here: reading senders' files, judging rows, publishing.
"""
