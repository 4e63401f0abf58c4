"""What `rocot sources` prints."""

from collections import defaultdict
from collections.abc import Sequence

from rich.padding import Padding

from rocot.cli.screen import count, heading, next_steps, out, table
from rocot.sources.known.dataset import Dataset


def print_all(datasets: Sequence[Dataset]) -> None:
    """One line a dataset."""
    console = out()
    made = table("dataset", "train", "val", "test", "classes", "-spans", "-licence")
    for about in datasets:
        videos: dict[str, int] = defaultdict(int)
        for split in about.splits:
            videos[split.common] += split.videos
        made.add_row(
            about.name,
            *(count(videos[common]) for common in ("train", "val", "test")),
            count(len(about.classes)),
            about.counting.unit,
            about.licence,
        )
    console.print(made)
    next_steps(
        console,
        [
            ("rocot sources ucf-crime", "all about one: homepage, terms, files, classes"),
            ("rocot import ucf-crime --help", "its official files become a manifest"),
        ],
    )


def print_one(about: Dataset) -> None:
    """All that is known of a dataset."""
    console = out()
    console.print(heading(about.title))
    facts = table("", "-", head=False)
    for name, text in (
        ("homepage", about.homepage),
        ("paper", about.paper),
        ("size", about.size),
        ("obtain", about.obtain),
        ("terms", about.terms),
        ("licence", about.licence),
        ("frames", "may be published" if about.redistribute_frames else "must not be published"),
        ("counts", f"{about.counting.words}. {about.counting.stated}"),
    ):
        facts.add_row(name, text)
    console.print(facts)
    console.print()
    console.print(heading("Files"))
    for name, what in about.files.items():
        console.print(f"  {name}")
        console.print(Padding(what, (0, 0, 0, 6)), soft_wrap=False)
    console.print()
    splits = table("split", "-as", "videos", "normal", "-official")
    for split in about.splits:
        normal = "" if split.normal is None else f"{split.normal:,}"
        splits.add_row(split.native, split.common, count(split.videos), normal, "yes" if split.official else "no")
    console.print(splits)
    console.print()
    classes = table("class", "-in the common taxonomy")
    for name, common in about.classes.items():
        classes.add_row(name, common)
    console.print(classes)
    console.print()
    console.print(about.citation.strip())
