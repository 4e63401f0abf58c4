"""Who may be given a release: the terms of its sources, and what the strictest of them allows.

A release holds text, spans, ids, checksums and the times of frames. Pixels go with it only where every source lets
them be given on, or where somebody says in writing that they have the rights; then never to a page that all can open.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from pydantic import Field

from rocot.core.record import Record
from rocot.errors import ConfigError
from rocot.sources.known.dataset import Allowed

LONGEST_STATEMENT = 1000
"""Characters."""


class Origin(Record):
    """A source of a release, with its terms, as they stand in the manifest and on the card."""

    name: str
    """As it stands in every row."""
    kind: Literal["scenes", "folder", "manifest"]
    dataset: str | None = None
    """The known dataset that it was imported from."""
    seed: int | None = None
    """Of rendered scenes, what they are rendered from: anybody can make them again."""
    title: str
    homepage: str = ""
    obtain: str = ""
    """How to get the videos."""
    terms: str
    licence: str
    allows: Allowed
    """What they leave to those who publish what they made of the videos."""
    hub_licence: str = "other"
    """By the Hub's id; `other` where no licence of the Hub's list covers annotations and videos."""
    redistribute_frames: bool
    """Whether the terms let others publish frames."""
    citation: str = ""
    """BibTeX."""


class Terms(Record):
    """The terms of a release: those of the strictest source hold for the whole."""

    allows: Allowed
    """The least that any source leaves."""
    redistribute_frames: bool
    """Whether every source lets frames be given on."""
    sources: tuple[Origin, ...] = Field(min_length=1)
    """The strictest first."""

    @property
    def strictest(self) -> Origin:
        """The source that the release is held to."""
        return self.sources[0]

    @property
    def forbidding(self) -> tuple[Origin, ...]:
        """The sources that do not let frames be given on."""
        return tuple(source for source in self.sources if not source.redistribute_frames)


class Shipped(Record):
    """On what ground a release holds pixels, and who may see it therefore."""

    visibility: Literal["public", "restricted"]
    """`restricted`: a private repository, or one whose readers ask for access and are let in one by one."""
    rights: str = Field(default="", max_length=LONGEST_STATEMENT)
    """Who said that they have the rights, in their words; empty where the sources' terms allow it."""

    @property
    def ground(self) -> str:
        """The ground, as an error tells it."""
        return f'"{self.rights}"' if self.rights else "the sources' terms"


def terms(sources: Sequence[Origin]) -> Terms:
    """The terms of a release of these sources, one at least."""
    strict = get_args(Allowed)
    # Of those that leave as much, first what no licence of the Hub's list covers: no other may stand for it on a card.
    ordered = sorted(
        sources,
        key=lambda one: (-strict.index(one.allows), one.hub_licence != "other", one.redistribute_frames, one.name),
    )
    return Terms(
        allows=ordered[0].allows,
        redistribute_frames=all(source.redistribute_frames for source in sources),
        sources=tuple(ordered),
    )


def shipped(held: Terms, statement: str | None = None) -> Shipped:
    """On what ground pixels may go into a release. Raises ConfigError where there is none.

    `statement` is what somebody says of their rights; where the terms allow all, none is needed and none changes it.
    """
    if statement is not None and (
        not statement.strip() or len(statement) > LONGEST_STATEMENT or not statement.isprintable()
    ):
        raise ConfigError(
            f"--i-have-the-rights: want who gave them and for what, in one line of at most {LONGEST_STATEMENT}"
            " characters; it will stand on the card"
        )
    if held.redistribute_frames:
        return Shipped(visibility="public")
    if statement is not None:
        return Shipped(visibility="restricted", rights=statement.strip())
    raise ConfigError(
        "\n".join(
            [
                "--with-frames: the terms of the sources do not let frames be given on",
                *(f"  {source.name}: {source.terms}" for source in held.forbidding),
                "Leave pixels out: whoever has the videos rebuilds the frames with `rocot hydrate`.",
                'Who has the rights says so with --i-have-the-rights "..."; a private or gated repository takes it.',
            ]
        )
    )


def refusal(frames: Shipped | None, *, private: bool, gated: bool) -> str | None:
    """Why a release may not be pushed to a repository, None where it may. `frames`: None where it holds no pixels.

    `gated` means that readers are let in one by one: where everybody who asks is let in, it is as good as public.
    """
    if frames is None or frames.visibility == "public" or private or gated:
        return None
    return (
        "the release holds frames whose sources do not let them be given on, so it goes to a private or gated"
        " repository alone; push with --private, or export it without --with-frames"
    )
