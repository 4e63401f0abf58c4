"""Rows as LLaMA-Factory takes them for supervised fine-tuning: JSON lines, and what `dataset_info.json` says of them.

Its documentation (data/README.md): the `sharegpt` formatting with the tags of the OpenAI format; turns of user and
assistant in alternation; `images` or `videos` as many as there are placeholders. It has no reinforcement learning
with rewards of one's own, so there is no such form.
"""

from rocot.core.record import Json
from rocot.core.row import Row
from rocot.release.formats.sample import Media, lesson

TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}


def sft(row: Row, media: Media) -> dict[str, Json]:
    """One line of a dataset."""
    return {"messages": lesson(row, media), **media.columns}


def dataset(file: str, *, video: bool) -> dict[str, Json]:
    """The entry of a file, relative to `dataset_info.json`, under the name that `dataset:` calls it by."""
    media = "videos" if video else "images"
    return {
        "file_name": file,
        "formatting": "sharegpt",
        "columns": {"messages": "messages", media: media},
        "tags": TAGS,
    }
