"""A summary: what a release is like, in numbers. Data for the report's page, and for `--json`."""

from rocot.core.blind import Blind
from rocot.core.record import Record
from rocot.measures.flips import Flips, Grounding
from rocot.release.checked import Checked
from rocot.release.report import Distribution
from rocot.release.specificity import Reflections
from rocot.release.spending import Spent


class Group(Record):
    """Rows that share something."""

    by: str
    """`source`, `class` (a row with two true labels counts under both), `duration` (of the clip) or `split`."""
    name: str
    flips: Flips
    grounding: Grounding


class Funnel(Record):
    """From samples to rows that are kept for training."""

    samples: int
    """Rows, and what was left out before it became one."""
    left_out: dict[str, int]
    """By stage and reason, as the manifest has it; empty for shards without one."""
    rows: int
    broken: dict[str, int]
    """Rows that break a rule of the gate, rejecting or warning, by rule; one row may break several."""
    unkept_broken: int
    """Rows that are not kept, since they break a rejecting rule."""
    unkept_outcome: dict[str, int]
    """Rows that are not kept and break none of those, by outcome: the recipe's mix does not want it."""
    unkept_mix: dict[str, int]
    """Rows that are not kept since the mix has enough of their like, or since they are a control, by reason."""
    kept: int


class Summary(Record):
    """What stands at a path, in numbers."""

    path: str
    release: str | None
    """Name and version; None for shards without a manifest."""
    recipe: str | None
    """Digest of the recipe."""
    fingerprint: str | None
    """Of the flow."""
    unreadable: int
    """Rows that do not fit the schema; they stand in no number here."""
    funnel: Funnel
    flips: Flips
    grounding: Grounding
    first_tiou: Distribution
    """Temporal IoU of the first answers, of the rows that `grounding` is of."""
    last_tiou: Distribution
    """Of the revised answers."""
    groups: tuple[Group, ...]
    reflections: Reflections
    blind: Blind
    """Of the questions with options, as they were shown: what comes of answering without a look, once a question."""
    checks: tuple[Checked, ...]
    """What the checks found, of those that the recipe asks for."""
    spent: tuple[Spent, ...]
    """What the calls took, by stage and model; empty where `usage/` is missing."""
    currency: str
    warnings: tuple[str, ...]
    """What a reader should know before the numbers, in words."""
    examples: dict[str, tuple[str, ...]]
    """Ids of some rows of each outcome: those whose ids have the smallest sha256, which is as good as chance."""
