"""Rows as ms-swift takes them: JSON lines with `messages`, and beside them the media that their placeholders stand for.

Its documentation (Customization, Custom Dataset): `messages` are turns of `role` and `content`, `images` and `videos`
are lists of paths, absolute ones by preference, one for each `<image>` and `<video>`. GRPO wants the turns up to the
question, and hands every further column to the rewards.
"""

from rocot.core.record import Json
from rocot.core.row import Row
from rocot.release.formats.sample import Media, asked, first_look, lesson, solution, truth


def sft(row: Row, media: Media) -> dict[str, Json]:
    """One line for `swift sft`."""
    return {"messages": lesson(row, media), **media.columns, "id": row.id}


def rft(row: Row, media: Media) -> dict[str, Json]:
    """One line for `swift rlhf --rlhf_type grpo`; `solution` is the truth in the tags of an answer."""
    return {
        "messages": [asked(row, media)],
        **first_look(row, media).columns,
        "solution": solution(row),
        "id": row.id,
        **truth(row),
    }
