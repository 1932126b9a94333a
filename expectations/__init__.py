"""The second judge: Great Expectations, at the gate between a judged delivery and the lake.

Lives here: contract rules as an expectation suite, running it on pandas frames, and the verdict that compares both judges.
Add here: the meaning of a new rule kind, in vocabulary.py or custom/.
Must not live here: SQL, marks or counts of the first judge (ingest), anything that stores a value from a row.

Nothing else imports Great Expectations, and importing it takes seconds, so it happens at the first judgement, not before.
"""
