"""The parts of docs/datasets.md that repeat what data_manifests/ says, written from it.

    python -m tests.sources.known.tables

puts them between their marks, `<!-- NAME -->` and `<!-- end -->`; a test fails while they differ.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rocot.sources.known.dataset import Dataset, Split, known, shipped, taxonomy

PAGE = Path(__file__).parents[3] / "docs" / "datasets.md"

_PART = re.compile(
    r"(?<=^<!-- )(?P<name>overview|taxonomy|datasets)(?P<open> -->\n).*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL
)


def rewritten(page: str) -> str:
    """The page with its generated parts as they should be."""
    datasets = [known(name) for name in shipped()]
    parts = {"overview": _overview(datasets), "taxonomy": _taxonomy(datasets), "datasets": _sections(datasets)}
    return _PART.sub(lambda found: f"{found['name']}{found['open']}\n{parts[found['name']]}\n\n", page)


def _overview(datasets: Sequence[Dataset]) -> str:
    rows = (
        (
            f"[`{about.name}`](#{_anchor(about)})",
            "; ".join(map(_split, about.splits)),
            f"{len(about.classes):,}",
            about.counting.words,
            about.licence,
        )
        for about in datasets
    )
    return _table(("dataset", "splits", "classes", "times are", "licence"), rows)


def _taxonomy(datasets: Sequence[Dataset]) -> str:
    rows = ((f"`{name}`", means, "; ".join(_labels(datasets, name))) for name, means in taxonomy().items())
    return _table(("common class", "is", "labels of the datasets"), rows)


def _labels(datasets: Sequence[Dataset], common: str) -> Iterable[str]:
    for about in datasets:
        own = [label for label, to in about.classes.items() if to == common]
        if own:
            yield f"{about.name}: {'all' if len(own) == len(about.classes) > 1 else ', '.join(own)}"


def _sections(datasets: Sequence[Dataset]) -> str:
    return "\n\n".join(map(_section, datasets))


def _section(about: Dataset) -> str:
    published = "may be published" if about.redistribute_frames else "must not be published"
    facts = (
        ("homepage", f"<{about.homepage}>"),
        ("paper", about.paper),
        ("size", about.size),
        ("obtain", about.obtain),
        ("terms", about.terms),
        ("licence", about.licence),
        ("frames", published),
        ("times", f"{about.counting.words}. {about.counting.stated}"),
        ("splits", "; ".join(map(_split, about.splits))),
        *((f"`{file}`", what) for file, what in about.files.items()),
    )
    return f"### {about.title}\n\n{_table((f'`rocot import {about.name}`', ''), facts)}"


def _split(split: Split) -> str:
    renamed = "" if split.native == split.common else f" (as {split.common})"
    normal = "" if split.normal is None else f", {split.normal:,} normal"
    return f"{split.native}{renamed} {split.videos:,}{normal}{'' if split.official else ', not official'}"


def _anchor(about: Dataset) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^a-z0-9 _-]", "", about.title.lower()).replace(" ", "-")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows)
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {row} |" for row in body)])


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
