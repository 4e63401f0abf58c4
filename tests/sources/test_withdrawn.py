from collections.abc import Iterator
from dataclasses import dataclass
from operator import length_hint
from pathlib import Path

from rocot.core.truth import NORMAL, Truth
from rocot.sources.listing import Counted
from rocot.sources.protocol import Skipped, Video
from rocot.sources.withdrawn import Without


def video(name: str) -> Video:
    return Video(
        id=name,
        source="yard",
        split="train",
        path=str(Path("/videos") / name),
        duration=10.0,
        mark="a" * 64,
        classes=(NORMAL,),
        truth=Truth(labels=None, spans=None),
    )


@dataclass(frozen=True)
class Yard:
    name: str = "yard"

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        broken = Skipped(id="c", source="yard", reason="unreadable", detail="")
        return Counted(iter([video("a"), video("b"), broken]), 3)


def test_a_withdrawn_video_comes_as_skipped_with_its_reason() -> None:
    found = list(Without(Yard(), {"yard/b", "yard/a@0-60", "elsewhere/a"}).videos("train"))
    assert [one.id for one in found if isinstance(one, Video)] == ["a"]
    assert [(one.id, one.reason) for one in found if isinstance(one, Skipped)] == [
        ("b", "withdrawn"),
        ("c", "unreadable"),
    ]


def test_how_many_are_to_come_is_still_known() -> None:
    assert length_hint(Without(Yard(), ()).videos("train")) == 3
