"""What a recipe asks of the frames: when, how near, how whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.reflection import Frame
from rocot.core.sampling import uniform
from rocot.errors import VideoError
from rocot.recipe import FramesRecipe
from rocot.stages.sample_frames import SampleFrames
from rocot.video.protocol import Sampled
from tests.builders import clip

BUSY = Packets(
    [at / 10 for at in range(160)], [9000 if 80 <= at < 100 else 1000 for at in range(160)], ["P"] * 160
)  # fmt: skip


@dataclass
class Camera:
    """Frames at the asked times, but for those it has lost."""

    lost: tuple[float, ...] = ()
    asked: list[tuple[Sequence[float], float, bool]] = field(default_factory=list)

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        self.asked.append((times, tolerance, salvage))
        there = [time for time in times if time not in self.lost]
        frames = tuple(Frame(time=time, digest=f"{time:064.6f}", width=2, height=2) for time in there)
        return Sampled(frames, tuple(time for time in times if time in self.lost))

    async def packets(self, clip: Clip, margin: float) -> Packets:
        return BUSY


async def asked(**recipe: object) -> tuple[Sequence[float], float, bool]:
    camera = Camera()
    await SampleFrames(FramesRecipe.model_validate(recipe), camera)(clip())
    return camera.asked[0]


async def test_a_recipe_is_exact_and_strict_unless_it_says_otherwise() -> None:
    assert await asked(count=8) == (uniform(0, 16, 8), 0, False)


async def test_a_snap_is_a_share_of_the_sampling_interval() -> None:
    _, tolerance, _ = await asked(count=8, snap=0.25)
    assert tolerance == pytest.approx(0.5)


async def test_a_rate_is_capped_by_the_count() -> None:
    slow, _, _ = await asked(policy="fps", fps=0.5)
    fast, _, _ = await asked(policy="fps", fps=25, count=4)
    assert list(slow) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert fast == uniform(0, 16, 4)


async def test_motion_draws_frames() -> None:
    times, _, _ = await asked(policy="motion", count=16)
    assert sum(8 <= time < 10 for time in times) >= 4


class Torn(Camera):
    """A file whose index is damaged."""

    async def packets(self, clip: Clip, margin: float) -> Packets:
        raise VideoError("damaged", "the index is torn")


async def test_where_the_index_is_damaged_a_partial_clip_is_looked_at_evenly() -> None:
    camera = Torn()
    await SampleFrames(FramesRecipe(policy="motion", count=8, damaged="partial"), camera)(clip())
    assert camera.asked[0][0] == pytest.approx(uniform(0, 16, 8))
    with pytest.raises(VideoError):
        await SampleFrames(FramesRecipe(policy="motion"), camera)(clip())


async def test_what_a_salvage_lost_stands_in_the_item() -> None:
    camera = Camera(lost=(3.0, 5.0))
    item = await SampleFrames(FramesRecipe(count=8, damaged="partial"), camera)(clip())
    assert camera.asked[0][2] is True
    assert item.lost == (3.0, 5.0)
    assert [frame.time for frame in item.frames] == [1, 7, 9, 11, 13, 15]


def test_the_identity_of_a_plain_recipe_is_what_it_was_before_there_was_more_to_say() -> None:
    stage = SampleFrames(FramesRecipe(count=8), Camera())
    assert stage.identity == {"policy": "uniform", "count": 8, "height": 448, "quality": 85, "reader": "av"}


@pytest.mark.parametrize(
    "change", [{"snap": 0.1}, {"damaged": "partial"}, {"policy": "motion"}, {"policy": "fps", "fps": 2}]
)
def test_what_changes_the_frames_changes_the_identity(change: dict[str, object]) -> None:
    plain, other = FramesRecipe(), FramesRecipe.model_validate(change)
    assert SampleFrames(plain, Camera()).identity != SampleFrames(other, Camera()).identity
