"""Rows for students without a release: a few clips of flat colour, in the columns of `sft` and `rft`."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from rocot.core.chat import ChatTurn
from rocot.student.card import Taught
from rocot.student.recipe import Data, Reinforced, Supervised, Training

FIRST = "<think>All grey.</think><answer>Normal</answer><glue>[]</glue>"
LAST = "<think>A flash.</think><answer>Explosion</answer><glue>[[1.0, 2.0]]</glue>"
SAID = f"{FIRST}\n<reflection>It was bright.</reflection><verdict>revise</verdict>\n{LAST}"
QUESTION = "The 4 frames above cover the clip. What is it?"

RECIPE = Training(
    name="quick",
    bf16=False,
    checkpointing=False,
    save_steps=2,
    data=Data(frames=2, height=28),
    sft=Supervised(learning_rate=1e-2, steps=4, batch=2),
    grpo=Reinforced(learning_rate=1e-4, steps=2, batch=2, generations=2, longest=8),
)
TAUGHT = Taught(
    release="own",
    version="0.1.0",
    fingerprint="f",
    split="train",
    shards=("a",),
    tasks=("grounding",),
    classes=("Normal", "Explosion"),
    frames=4,
    height=448,
    quality=85,
)


def picture(shade: int, size: tuple[int, int] = (56, 56)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(written, "JPEG")
    return written.getvalue()


def shard(path: Path, *, said: str = SAID, rows: int = 4, first: Sequence[str] = ("a",)) -> Path:
    """Rows of `sft` and `rft` at once; `first` are clips' ids, over and over."""
    asked = ChatTurn.asked([0.5, 1.5, 2.5, 3.5], QUESTION).model_dump()
    made = [
        {
            "id": f"{index}#0",
            "clip": first[index % len(first)] if len(first) > 1 else f"clip-{index}",
            "turn": 0,
            "prompt": [asked],
            "completion": [ChatTurn.told(said).model_dump()],
            "images": [{"bytes": picture(40 * shade), "path": None} for shade in range(4)],
            "task": "grounding",
            "classes": ["Normal", "Explosion"],
            "labels": ["Explosion"],
            "spans": [{"start": 1.0, "end": 2.0}],
            "choice": None,
            "tiou_floor": 0.5,
        }
        for index in range(rows)
    ]
    table = pa.Table.from_pylist(made)
    at = table.schema.get_field_index("choice")
    table = table.set_column(at, "choice", pa.array([None] * rows, pa.string()))
    pq.write_table(table, path)
    return path
