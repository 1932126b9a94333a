"""The synthetic partnership: one invented population that every agency reports on, and the truth about it.

Lives here: the invented people, what happens to them, what each agency writes down, the planted defects, the truth.
Add here: a new agency's events (agencies.py), a new kind of defect (defects.py), a new true figure (truth.py).
Must not live here: rows made from one contract alone (ingest/projections/synthetic.py); anything real.

Nobody in it exists. NHS numbers come from the 999 range, which is never issued, and school numbers from unused ranges.
"""

from __future__ import annotations
