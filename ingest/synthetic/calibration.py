"""The figures that the synthetic partnership is tuned to, each with its source.

Lives here: numbers and nothing else.
Add here: a newly published year, or a local figure when a board paper gives one.
Must not live here: code that draws anything from these numbers.

Index 0 is Staffordshire (E10000028), 1 is Stoke-on-Trent (E06000021). A financial year is named by the March that
ends it: 2025 is 2024-25. Years before 2022 only warm the population up and repeat 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AREAS: Final = ("E10000028", "E06000021")
JOINT: Final = "SCP_JOINT"
LA: Final = ("860", "861")
COUNCILS: Final = ("staffordshire", "stoke_on_trent")
EDUCATION: Final = ("staffordshire_education", "stoke_on_trent_education")

FIRST_YEAR: Final = (
    2019  # the first simulated year, 2018-19: four years settle the open cases before the first census
)
LAST_YEAR: Final = 2026
CENSUS_YEARS: Final = (2023, 2024, 2025, 2026)

# ONS mid-year estimates, children aged 0 to 17, by calendar year (ons_mid-year_population_estimates_2012_to_2024).
POPULATION: Final = {2022: (170_630, 59_181), 2023: (173_441, 60_632), 2024: (174_804, 62_520)}

# DfE table C1: referrals; 2026 continues 2025 (illustrative, nothing published yet).
REFERRALS: Final = {
    2022: (5595, 4620),
    2023: (5400, 5410),
    2024: (5045, 4798),
    2025: (5137, 3874),
    2026: (5190, 3790),
}
# DfE table C1: re-referrals within 12 months, per cent; 2026 illustrative.
REREFERRALS: Final = {
    2022: (15.4, 23.0),
    2023: (13.2, 21.8),
    2024: (14.1, 25.6),
    2025: (14.2, 21.0),
    2026: (14.0, 20.4),
}
# DfE table C1: referrals with no further action, per cent; 2026 illustrative.
NFA: Final = {2022: (13.7, 0.4), 2023: (6.7, 0.9), 2024: (6.6, 0.9), 2025: (10.7, 1.2), 2026: (10.2, 1.3)}
# DfE table C1: assessed and found not in need, per cent of referrals; 2026 illustrative.
NOT_IN_NEED: Final = {
    2022: (26.5, 39.8),
    2023: (24.2, 37.9),
    2024: (12.3, 41.4),
    2025: (30.3, 40.0),
    2026: (29.0, 39.0),
}
# Assessments within 45 working days, per cent: 2025 from domain.md AS01; 2023 and 2024 from DfE table C2
# (1 minus the shares over 45 days); 2022 repeats 2023; 2026 illustrative.
ON_TIME_ASSESSMENT: Final = {
    2022: (74.9, 65.1),
    2023: (74.9, 65.1),
    2024: (75.6, 76.7),
    2025: (82.5, 77.9),
    2026: (83.0, 78.5),
}
# DfE table C2, 2024: assessments by working days, (first, last, Staffordshire, Stoke); 61 and over drawn up to 110.
ASSESSMENT_DAYS: Final = (
    (0, 0, 305, 12),
    (1, 10, 2005, 483),
    (11, 20, 702, 858),
    (21, 30, 584, 643),
    (31, 40, 783, 1100),
    (41, 45, 963, 1450),
    (46, 50, 492, 596),
    (51, 60, 507, 409),
    (61, 110, 721, 373),
)
# Section 47 enquiries started: DfE table C4 to 2024; 2025 from the rates 116.1 and 303.7 (domain.md CP01); 2026 illustrative.
SECTION_47: Final = {
    2022: (1898, 2199),
    2023: (2050, 2786),
    2024: (2057, 2471),
    2025: (2029, 1899),
    2026: (2040, 1880),
}
# Plans that start, a conference: DfE tables C4 and D3, 2023 and 2024 (0.95 and 0.96; 0.83 and 0.88).
PLANS_A_CONFERENCE: Final = (0.95, 0.86)
# Initial conferences within 15 working days, per cent: 2025 from domain.md CP03; 2023, 2024 from DfE table C4; 2026 illustrative.
ON_TIME_CONFERENCE: Final = {
    2022: (87.0, 87.4),
    2023: (79.4, 78.1),
    2024: (88.2, 91.0),
    2025: (91.9, 90.9),
    2026: (91.0, 91.0),
}
# DfE table D3: plans starting; 2026 illustrative.
PLAN_STARTS: Final = {
    2022: (784, 597),
    2023: (887, 695),
    2024: (766, 714),
    2025: (681, 436),
    2026: (690, 445),
}
# DfE table D5: plans open at 31 March; 2026 illustrative.
PLAN_STOCK: Final = {2022: (613, 445), 2023: (714, 515), 2024: (654, 514), 2025: (524, 316), 2026: (530, 325)}
# DfE table D3: starts that are a second or later plan, per cent; 2026 illustrative.
LATER_PLANS: Final = {
    2022: (17.9, 24.0),
    2023: (19.2, 23.3),
    2024: (22.6, 27.9),
    2025: (28.0, 28.4),
    2026: (27.0, 28.0),
}
# Plans of two years or more: ended 6.8 and 2.7 per cent, open 1.7 and 3.5 per cent in 2025 (domain.md CP09). The share of
# starts and the mean days beyond two years follow from both: open = ended a year x time beyond.
LONG_PLAN_SHARE: Final = (0.075, 0.030)
LONG_PLAN_BEYOND: Final = (45.0, 190.0)
# DfE table D2, 2024: initial category of abuse.
PLAN_CATEGORY: Final = (
    {"NEG": 530, "PHY": 14, "SAB": 30, "EMO": 192},
    {"NEG": 369, "PHY": 37, "SAB": 23, "EMO": 285},
)
# DfE table C5, 2024: referrals by source, split within a group evenly or as marked (illustrative within the group).
SOURCES: Final = (
    {
        "1A": 300,
        "1B": 110,
        "1C": 60,
        "1D": 86,
        "2A": 542,
        "2B": 115,
        "3A": 90,
        "3B": 110,
        "3C": 60,
        "3D": 80,
        "3E": 130,
        "3F": 59,
        "4": 38,
        "5A": 500,
        "5B": 420,
        "5C": 120,
        "5D": 135,
        "6": 1343,
        "7": 366,
        "8": 199,
        "9": 124,
        "10": 58,
    },
    {
        "1A": 280,
        "1B": 110,
        "1C": 50,
        "1D": 82,
        "2A": 716,
        "2B": 229,
        "3A": 100,
        "3B": 130,
        "3C": 70,
        "3D": 95,
        "3E": 150,
        "3F": 70,
        "4": 37,
        "5A": 190,
        "5B": 160,
        "5C": 45,
        "5D": 50,
        "6": 1572,
        "7": 138,
        "8": 445,
        "9": 79,
        "10": 1,
    },
)
# Primary need: illustrative, England's usual order (abuse or neglect more than half); nothing local in the files we hold.
NEEDS: Final = {
    "N1": 570,
    "N2": 80,
    "N3": 30,
    "N4": 90,
    "N5": 140,
    "N6": 30,
    "N7": 3,
    "N8": 20,
    "N9": 25,
    "N0": 12,
}
# DfE table C3, 2025: factors at the end of assessment, of 4,265 and 3,612 episodes with factors.
FACTOR_BASE: Final = (4265, 3612)
FACTORS: Final = {
    "1A": (111, 62),
    "1B": (945, 537),
    "1C": (176, 55),
    "2A": (262, 179),
    "2B": (901, 570),
    "2C": (199, 122),
    "3A": (481, 367),
    "3B": (1194, 1072),
    "3C": (222, 123),
    "4A": (1115, 691),
    "4B": (2030, 1132),
    "4C": (535, 136),
    "5A": (849, 402),
    "5B": (288, 120),
    "5C": (162, 44),
    "6A": (339, 173),
    "6B": (307, 189),
    "6C": (136, 13),
    "7A": (206, 226),
    "8F": (61, 22),
    "9A": (9, 16),
    "10A": (192, 214),
    "11A": (174, 174),
    "12A": (13, 54),
    "13A": (138, 122),
    "14A": (350, 315),
    "15A": (279, 217),
    "16A": (981, 640),
    "17A": (911, 811),
    "18B": (112, 155),
    "18C": (381, 382),
    "19B": (120, 155),
    "19C": (183, 206),
    "20": (394, 685),
    "22A": (14, 6),
    "23A": (40, 29),
    "24A": (194, 253),
}
# DfE table A7, 2024, England: children in need by age at 31 March, per cent: unborn, under 1, 1-4, 5-9, 10-15, 16-17.
AGE_SHARES: Final = (1.7, 4.0, 14.1, 21.3, 32.2, 26.7)
# Ethnicity: broad groups illustrative for each area; within a broad group as DfE table A7, 2024.
ETHNICITY: Final = (
    {
        "WBRI": 88.0,
        "WIRI": 0.2,
        "WIRT": 0.2,
        "WROM": 0.3,
        "WOTH": 3.0,
        "MWBC": 1.5,
        "MWBA": 0.3,
        "MWAS": 0.9,
        "MOTH": 0.6,
        "AIND": 0.6,
        "APKN": 1.3,
        "ABAN": 0.1,
        "AOTH": 0.5,
        "CHNE": 0.2,
        "BCRB": 0.2,
        "BAFR": 0.6,
        "BOTH": 0.2,
        "OOTH": 0.5,
        "REFU": 0.3,
        "NOBT": 0.5,
    },
    {
        "WBRI": 73.0,
        "WIRI": 0.1,
        "WIRT": 0.2,
        "WROM": 1.0,
        "WOTH": 3.5,
        "MWBC": 1.9,
        "MWBA": 0.7,
        "MWAS": 1.8,
        "MOTH": 1.0,
        "AIND": 0.8,
        "APKN": 7.0,
        "ABAN": 0.8,
        "AOTH": 2.0,
        "CHNE": 0.3,
        "BCRB": 0.3,
        "BAFR": 2.3,
        "BOTH": 0.7,
        "OOTH": 1.6,
        "REFU": 0.4,
        "NOBT": 0.6,
    },
)
# Disability of children in need: illustrative (about one in eight).
DISABILITIES: Final = ("LD", "AUT", "BEH", "COMM", "MOB", "PC", "HEAR", "VIS", "INC", "CON", "HAND", "DDA")

# Missing children: illustrative, no published figure for the force. Spells a year a 10,000 children; a spell is one or
# more episodes close together, which is what makes repeat missing.
MISSING_SPELLS: Final = (36.0, 84.0)
MISSING_REPEATS: Final = (0.33, 0.38)  # chance of another episode after each one
# Return interviews: held, of offered: the Staffordshire contractor 70 to 80 per cent (domain.md EX07); within 72 hours:
# 63 per cent of responding councils (domain.md EX08); offered: illustrative.
RHI_OFFERED: Final = (0.91, 0.86)
RHI_HELD: Final = (0.76, 0.71)
RHI_IN_TIME: Final = (0.66, 0.60)
# Police episodes that the council has too: illustrative, not published anywhere (domain.md EX09).
COUNCIL_KNOWS: Final = (0.93, 0.89)
POLICE_HAS_NHS: Final = 0.86  # nominals with an NHS number: illustrative
# DfE, children starting to be looked after in the year (cla_number_and_rate_per_10k_children); 2026 repeats 2025.
CARE_STARTS: Final = {2024: (366, 287), 2025: (416, 178), 2026: (416, 178)}
# Initial health assessments within 20 working days: illustrative, none published (domain.md CC07).
IHA_ON_TIME: Final = {2024: (0.58, 0.44), 2025: (0.63, 0.50), 2026: (0.66, 0.55)}

# Schools: about 500 in the area (design.md section 1); split illustrative. Returns: 97 per cent by the final deadline (board
# paper S4), 80 to 90 per cent by the first (Devon, domain.md ED02). A gap admitted: illustrative.
SCHOOLS: Final = (398, 104)
SCHOOL_YEARS: Final = (2024, 2025, 2026)  # academic years by the year they end in
RETURN_BY_FIRST: Final = {2024: (0.84, 0.78), 2025: (0.87, 0.80), 2026: (0.88, 0.83)}
RETURN_BY_FINAL: Final = {2024: (0.965, 0.945), 2025: (0.975, 0.95), 2026: (0.98, 0.96)}
RETURN_LATE: Final = 0.5  # of those still owing, sent after the final deadline
SCHOOL_GAP: Final = (0.31, 0.36)
# Training places by agency, per cent: county council 7, NHS together 5, police and fire together 2 (board paper S2, read as a
# share of places; its basis is unclear, domain.md 1c); the rest illustrative.
TRAINING_SHARES: Final = {
    "STAFFS_CC": 7.0,
    "STOKE_CC": 6.0,
    "POLICE": 1.5,
    "FIRE": 0.5,
    "ICB": 0.8,
    "MPFT": 2.6,
    "UHNM": 1.6,
    "SCHOOLS": 56.0,
    "PROBATION": 0.9,
    "DISTRICTS": 4.0,
    "VCSE": 18.5,
    "HMYOI": 0.6,
}
TRAINING_BOOKINGS: Final = 1_150  # a quarter: illustrative
# Board seats: illustrative; statutory leads often delegate (board paper S2).
SEAT_LEVELS: Final = {"LEAD": 0.20, "DELEGATE": 0.42, "DEPUTY": 0.19, "BELOW": 0.07, "NONE": 0.12}


def of_year(table: Mapping[int, tuple[float, float]], year: int, area: int) -> float:
    """The figure of one year and council; years before the first repeat it, years after the last repeat that."""
    return table[min(max(year, min(table)), max(table))][area]
