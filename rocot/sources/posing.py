"""Questions with options, each put about the whole of its video, its options in an order drawn for it alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from rocot.core.blind import longest
from rocot.core.clip import Clip
from rocot.core.record import digest
from rocot.core.task import Posed, Question, shuffled
from rocot.recipe import TaskRecipe
from rocot.sources.protocol import Skipped, Video

MOST_OPTIONS = 26
"""As many as there are letters."""

Known = tuple[Video, str]
"""A video, and what is to be said of its leak."""


def pose(videos: Iterable[Known], task: TaskRecipe, skipped: Callable[[Skipped], None]) -> Iterator[Clip]:
    """A clip for each question that can be put, in the order of the videos; the others go to `skipped`.

    With `task.balance_lengths` all videos are listed before the first clip comes.
    """
    if task.balance_lengths:
        videos = list(videos)
        unbalanced = _unbalanced([video for video, _ in videos], task.seed)
    else:
        unbalanced = frozenset()
    for video, leak in videos:
        if not video.questions:
            skipped(Skipped(id=video.id, source=video.source, reason="no question", detail="nothing is asked about it"))
        for number, question in enumerate(video.questions):
            name = f"{video.source}/{video.id}?{number + 1}"
            fault = fault_in(question)
            if fault is not None:
                skipped(Skipped(id=name, source=video.source, reason="bad question", detail=fault))
            elif name in unbalanced:
                told = "its longest option is right, as in too many others"
                skipped(Skipped(id=name, source=video.source, reason="unbalanced lengths", detail=told))
            else:
                yield _clip(name, video, number, task.seed, leak)


def fault_in(question: Question) -> str | None:
    """Why a question cannot be put; None for one that can."""
    if not question.text.strip():
        return "it has no text"
    if not 2 <= len(question.options) <= MOST_OPTIONS:
        return f"it has {len(question.options)} options, wanted 2 to {MOST_OPTIONS}"
    plain = [" ".join(option.casefold().split()) for option in question.options]
    if not all(plain):
        return f"option {plain.index('') + 1} is empty"
    twice = next((option for option in question.options if plain.count(" ".join(option.casefold().split())) > 1), None)
    return None if twice is None else f"two options read {twice[:60]!r}"


def _clip(name: str, video: Video, number: int, seed: int, leak: str) -> Clip:
    question = video.questions[number]
    order = shuffled(len(question.options), seed, name)
    return Clip(
        id=name,
        source=video.source,
        video=video.id,
        split=video.split,
        path=video.path,
        mark=video.mark,
        start=0.0,
        end=video.duration,
        duration=video.duration,
        classes=tuple(question.options[place] for place in order),
        leak=leak,
        task="qa",
        posed=Posed(number=number, text=question.text, order=order, seed=seed),
    )


def _unbalanced(videos: Sequence[Video], seed: int) -> frozenset[str]:
    """Questions to leave out, so that among the rest the longest option is right no more often than by chance.

    With L of n questions whose longest option is right and c the mean of 1 / options, (n - L) c / (1 - c) of the L
    stay: those that come first by sha256 over seed and name.
    """
    asked = [
        (f"{video.source}/{video.id}?{number + 1}", question)
        for video in videos
        for number, question in enumerate(video.questions)
        if question.answer is not None and fault_in(question) is None
    ]
    if not asked:
        return frozenset()
    long = [name for name, question in asked if longest(question.options) == question.answer]
    chance = sum(1 / len(question.options) for _, question in asked) / len(asked)
    room = int((len(asked) - len(long)) * chance / (1 - chance))
    return frozenset(sorted(long, key=lambda name: digest([seed, name]))[room:])
