"""The blind baselines of VAU-Bench's official test questions, which its authors' files give."""

from collections.abc import Callable
from pathlib import Path

from rocot.core.blind import Choice, blind
from rocot.sources.known.dataset import known
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest


def test_the_longest_option_and_always_a_score_what_was_published(shared: Callable[[str], Path]) -> None:
    about, files = known("vau-bench"), Files(shared("vau-bench"))
    entries = manifest(about, files, annotated(about, files)).entries
    found = {}
    for split in {entry.native_split for entry in entries if entry.split == "test"}:
        made = blind(
            Choice(options=question.options, answer=question.answer)
            for entry in entries
            if entry.native_split == split
            for question in entry.questions
            if question.answer is not None
        )
        assert made.longest is not None
        assert made.always_first is not None
        found[split] = (made.questions, round(100 * made.longest, 1), round(100 * made.always_first, 1))
    assert sorted(found.values()) == [(240, 43.8, 68.3), (251, 75.7, 59.0), (438, 76.9, 52.3)]
