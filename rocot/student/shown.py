"""What a student is shown of a row, its frames or some of them, smaller; and what of a completion is no lesson."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from rocot.core.attempts import Form
from rocot.core.chat import ChatPart, ChatTurn
from rocot.student.recipe import First

GREY = 85
"""What stands still fades to it: a third of white. Around black, changes to the dark would be lost."""


@dataclass(frozen=True)
class Thinned:
    """A prompt with fewer frames."""

    turns: tuple[ChatTurn, ...]
    kept: tuple[int, ...]
    """Which of the row's frames are left, ascending."""


def spread(count: int, most: int | None) -> list[int]:
    """The places of at most `most` of `count` things, spread evenly; all where there are no more, or for None."""
    if most is None or count <= most:
        return list(range(count))
    return [(2 * index + 1) * count // (2 * most) for index in range(most)]


def thinned(turns: Sequence[ChatTurn], most: int | None) -> Thinned:
    """At most `most` frames of each look, each with its time before it.

    Where a prompt says how many frames there are ("The 32 frames above"), it says the new number.
    """
    made: list[ChatTurn] = []
    kept: list[int] = []
    seen = 0
    for turn in turns:
        places = [index for index, part in enumerate(turn.content) if part.type == "image"]
        chosen = spread(len(places), most)
        gone = set(places) - {places[index] for index in chosen}
        gone |= {place - 1 for place in gone if place and _stamp(turn.content[place - 1])}
        left = [part for index, part in enumerate(turn.content) if index not in gone]
        content = tuple(_counted(part, len(places), len(chosen)) for part in left)
        made.append(ChatTurn(role=turn.role, content=content))
        kept += [seen + index for index in chosen]
        seen += len(places)
    return Thinned(tuple(made), tuple(kept))


def _stamp(part: ChatPart) -> bool:
    return re.fullmatch(r"\s*<[0-9.]+s>\s*", part.text or "") is not None


def _counted(part: ChatPart, before: int, now: int) -> ChatPart:
    if part.text is None or before == now:
        return part
    return ChatPart(type="text", text=re.sub(rf"\b{before} frames\b", f"{now} frames", part.text, count=1))


def shortened(text: str, lines: int | None) -> str:
    """A completion in rocot's tags, of each thought and each reflection at most the first `lines` lines.

    For 0, of the first line what stands before its colon: in a list of evidence, from when to when it is.
    """
    if lines is None:
        return text
    pattern = r"<(think|reflection)>(.*?)</\1>"
    return re.sub(pattern, lambda found: f"<{found[1]}>{_first(found[2], lines)}</{found[1]}>", text, flags=re.DOTALL)


def _first(text: str, lines: int) -> str:
    kept = text.split("\n")[: max(1, lines)]
    return "\n".join(kept) if lines else kept[0].partition(":")[0]


def bare(text: str) -> str:
    """Of a completion in rocot's tags, the label of the final answer in its tag and nothing else; "" for none."""
    found = re.findall(r"<answer>[^<]*</answer>", text)
    return found[-1] if found else ""


def opened(picture: bytes, height: int | None) -> Image.Image:
    """A frame as RGB, `height` pixels high at most; never enlarged.

    Much smaller ones come from fewer coefficients of the JPEG, which takes a fifth of the time.
    """
    with Image.open(BytesIO(picture)) as image:
        size = shrunk(image.size, height)
        image.draft("RGB", size)  # a scale of 1/1, 1/2, 1/4 or 1/8 that is no smaller
        whole = image.convert("RGB")
        return whole if size == image.size else whole.resize(size, Image.Resampling.BILINEAR)


def faded(pictures: Sequence[Image.Image], still: float) -> list[Image.Image]:
    """The frames of one sample, in which of what stands still the share `still` is left, and grey takes its place.

    What stands still is the median of all frames: frame - (1 - still) * (median - GREY). A change keeps its size and
    its colour. Frames that differ in size have no median, and stay as they are, as a single one does.
    """
    if still == 1 or len(pictures) < 2 or len({picture.size for picture in pictures}) > 1:
        return list(pictures)
    frames = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])
    gone = (1 - still) * (np.median(frames, axis=0) - GREY)
    return [Image.fromarray(frame) for frame in np.clip(frames - gone, 0, 255).astype(np.uint8)]


def shrunk(size: tuple[int, int], height: int | None) -> tuple[int, int]:
    """Width and height of a picture that is `height` pixels high at most; never enlarged."""
    if height is None or size[1] <= height:
        return size
    return max(1, round(size[0] * height / size[1])), height


def context(text: str, form: Form, turn: int, *, right: bool | None, first: First) -> int:
    """Characters at the beginning of a completion that are context and no lesson: the first attempt, or nothing.

    `text` is in rocot's tags; `right` is whether the first answer was right, None where nobody knows, and then it is
    learnt but for `first = "mask"`. The length of the text where a first answer is all there is.
    """
    masked = first == "mask" or (first == "mask_when_wrong" and right is False)
    if not masked or form == "plain" or turn > 0:
        return 0
    end = text.find("<reflection>") if form == "reflection" else text.find("<think>", text.find("<think>") + 1)
    return len(text) if end < 0 else end
