"""At three tenths of the true size the figures lie near what DfE has published for each council."""

from __future__ import annotations

import pandas as pd
import pytest

from ingest.synthetic import calibration as cal
from ingest.synthetic import partnership

pytestmark = pytest.mark.minutes(3)

SIZE = 0.3

#: Published for 2024-25: indicator -> (Staffordshire, Stoke-on-Trent, how far it may be off, relative or in points).
PUBLISHED = {
    "FD07": (293.9, 619.6, 0.02),
    "FD08": (14.2, 21.0, 0.10),
    "FD09": (10.7, 1.2, 0.15),
    "AS01": (82.5, 77.9, 0.06),
    "CP01": (116.1, 303.7, 0.05),
    "CP03": (91.9, 90.9, 0.08),
    "CP05": (30.0, 50.5, 0.05),
    "CP07": (28.0, 28.4, 0.15),
}


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    found = partnership.figures(SIZE)
    return found[(found["period_id"] == "2024-25") & (found["breakdown"] == "total")].set_index(
        ["indicator_id", "area_code"]
    )


@pytest.mark.parametrize("indicator", PUBLISHED)
def test_near_the_published_figure(values: pd.DataFrame, indicator: str) -> None:
    *published, tolerance = PUBLISHED[indicator]
    for area, figure in zip(cal.AREAS, published, strict=True):
        row = values.loc[(indicator, area)]
        # Rates are over the true population, whatever the size of the synthetic one.
        value = row["value"] / SIZE if indicator in ("FD07", "CP01", "CP05") else row["value"]
        assert value == pytest.approx(figure, rel=tolerance, abs=1.0), area


def test_the_two_councils_differ_as_they_do(values: pd.DataFrame) -> None:
    assert (
        values.loc[("FD07", cal.AREAS[1]), "value"] > 1.8 * values.loc[("FD07", cal.AREAS[0]), "value"] * 0.9
    )
