"""What others reported on the same benchmarks, to stand beside a result. None of it was measured by rocot.

VAU-R1: arXiv 2505.23504, its own protocol, answers without think. SRVAU-R1: arXiv 2602.01004, as a public leaderboard
gives it; neither code, nor protocol, nor data of it are known, so its numbers are targets and no facts.
"""

from typing import Literal, TypeAlias

from rocot.core.record import Record

Measured: TypeAlias = Literal["mIoU", "R@0.3", "R@0.5", "R@0.7", "QA accuracy", "VAU-Eval classification"]
RATED: Measured = "VAU-Eval classification"
"""By a judge, 0 to 10."""


class Reported(Record):
    """One number that others reported: percent; of VAU-Eval 0 to 10."""

    benchmark: str
    measure: Measured
    who: str
    value: float
    protocol: str


JUDGED = "another judge and prompt; from a leaderboard"
VAU_R1 = "vau-r1, without think"
LEADERBOARD = "not stated; from a leaderboard"
_GROUNDING: dict[str, dict[str, tuple[float, float, float, float]]] = {
    "vau-bench/msad": {"VAU-R1 RFT": (35.77, 53.33, 34.17, 15.83)},
    "vau-bench/ecva": {"VAU-R1 SFT": (45.30, 66.67, 49.75, 24.13), "VAU-R1 RFT": (35.09, 49.00, 28.86, 19.40)},
    "vau-bench/ucf-crime": {"VAU-R1 RFT, out of domain": (16.80, 23.39, 8.06, 4.03)},
}
_NAMES: tuple[Measured, ...] = ("mIoU", "R@0.3", "R@0.5", "R@0.7")
_OTHERS: tuple[tuple[str, Measured, str, float, str], ...] = (
    ("vau-bench/ecva", "mIoU", "SRVAU-R1", 44.42, LEADERBOARD),
    ("vau-bench/msad", "mIoU", "SRVAU-R1, out of domain", 20.4, LEADERBOARD),
    ("vau-bench/ecva", "QA accuracy", "SRVAU-R1", 92.22, LEADERBOARD),
    ("vau-bench/ecva", "QA accuracy", "VAU-R1", 89.53, LEADERBOARD),
    ("vau-bench/msad", "QA accuracy", "SRVAU-R1, without think", 89.58, LEADERBOARD),
    ("vau-bench/msad", "QA accuracy", "VAU-R1, without think", 88.33, LEADERBOARD),
    ("vau-bench/ucf-crime", "QA accuracy", "SRVAU-R1, without think", 92.82, LEADERBOARD),
    ("vau-bench/ucf-crime", "QA accuracy", "VAU-R1, without think", 92.03, LEADERBOARD),
)
_RATED = {
    "vau-bench/msad": {"SRVAU-R1": 7.65, "VAU-R1": 5.97},
    "vau-bench/ucf-crime": {"SRVAU-R1": 7.22, "VAU-R1": 4.42},
    "vau-bench/ecva": {"SRVAU-R1": 2.86, "VAU-R1": 1.45},
}
PUBLISHED: tuple[Reported, ...] = (
    *(
        Reported(benchmark=benchmark, measure=name, who=who, value=value, protocol=VAU_R1)
        for benchmark, rows in _GROUNDING.items()
        for who, values in rows.items()
        for name, value in zip(_NAMES, values, strict=True)
    ),
    *(
        Reported(benchmark=benchmark, measure=name, who=who, value=value, protocol=protocol)
        for benchmark, name, who, value, protocol in _OTHERS
    ),
    *(
        Reported(benchmark=benchmark, measure=RATED, who=who, value=value, protocol=JUDGED)
        for benchmark, rows in _RATED.items()
        for who, value in rows.items()
    ),
)


def published(benchmark: str) -> tuple[Reported, ...]:
    """What others reported on that benchmark."""
    return tuple(one for one in PUBLISHED if one.benchmark == benchmark)
