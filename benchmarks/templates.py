"""What a store holds of one window of a film, made by the real command, and the same again under many other names.

A copy has a name, calls, texts, digests, checksums and seals of its own: all that differs is put together from the
model's bytes, a few microseconds a row, and nothing is parsed. `check` holds what was made against rocot's own code.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import apsw

from rocot.core.clip import Clip
from rocot.core.record import Json, canonical
from rocot.core.truth import Truth, within
from rocot.engine.database import Value
from rocot.engine.outcome import checksum
from rocot.engine.packed import unpacked
from rocot.engine.reader import BY_SEQ, RecipeRow, StoreReader, read_outcomes
from rocot.engine.seals import notes_of, seal, seal_of
from rocot.engine.stage import Step

Row: TypeAlias = dict[str, Value]
Columns: TypeAlias = tuple[Value, ...]

HEADS, TAILS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r"), ("arn", "eld", "ist", "olt", "und", "amp", "esk")
WORDS = [f"{head}{middle}{tail}" for head in HEADS for middle in ("o", "ei", "a", "u") for tail in TAILS][:256]
"""One for each byte."""
SAID = 8
"""Words that each text begins with: nobody said them before, so texts are no duplicates."""
_TEXT = re.compile(r'"(?:reasoning|critique)":"')


@dataclass
class Rows:
    """Rows that wait to be written: the values of each, in the order of the columns."""

    clips: list[Columns] = field(default_factory=list)
    attempts: list[Columns] = field(default_factory=list)
    outcomes: list[Columns] = field(default_factory=list)


@dataclass(frozen=True)
class _Stage:
    """One outcome of a window."""

    row: Row
    before: str
    """Its payload down to the words."""
    behind: str
    """Its payload behind them; empty where it has no text of its own, and is the same for all."""
    context: bytes
    """What its input ends with."""
    note: bytes
    """Of its seal."""
    base: int | None
    """Which of the attempts it is deflated by."""
    reply: bytes
    """The end of what its seal covers of it."""
    deflating: "zlib._Compress"
    """Which has looked at its dictionary. Its window is of 4 kB: copying it takes a sixth of one of 32 kB."""
    dictionary: bytes
    """The checksum that names it in zlib's header."""

    def payload(self, words: str) -> str:
        return f"{self.before}{words}. {self.behind}" if self.behind else self.before

    def stored(self, plain: bytes) -> Value:
        """As `packed`."""
        if not self.behind:
            return self.row["payload"]
        deflating = self.deflating.copy()
        raw = deflating.compress(plain) + deflating.flush()
        return b"".join((b"\x78\xbb", self.dictionary, raw, zlib.adler32(plain).to_bytes(4, "big")))


@dataclass(frozen=True)
class Template:
    """One window of a film."""

    video: str
    """Its name."""
    clip: Row
    attempts: Sequence[Row]
    stages: Sequence[_Stage]

    def fill(self, video: str, number: int, rows: Rows) -> None:
        """Adds the rows of the same window of another video, the clip being the `number`th of an empty store."""
        name, record = (str(self.clip[key]).replace(self.video, video) for key in ("id", "record"))
        root = checksum(name, str(self.clip["split"]), record)
        told: Row = {"seq": number + 1, "id": name, "position": number, "record": record, "sha256": root}
        rows.clips.append(_with(self.clip, told))
        first = number * len(self.attempts) + 1
        for seq, attempt in enumerate(self.attempts, first):
            call = hashlib.sha256(f"{attempt['call']!s} {name}".encode()).hexdigest()
            rows.attempts.append(_with(attempt, {"seq": seq, "call": call, "item": f"{name}#0"}))
        rows.outcomes += self._outcomes(name, record, root, number)

    def _outcomes(self, clip: str, record: str, root: str, number: int) -> Iterator[Columns]:
        dice = hashlib.shake_128(clip.encode()).digest(SAID * len(self.stages))
        after, seq, base = -number - 1, number * len(self.stages), number * len(self.attempts) + 1
        spelt, covered = hashlib.sha256(record[:-1].encode()), b""
        for index, stage in enumerate(self.stages):
            seq += 1
            item = clip if stage.row["rollout"] is None else f"{clip}#0"
            payload = stage.payload(" ".join([WORDS[byte] for byte in dice[SAID * index : SAID * (index + 1)]]))
            plain, given = payload.encode(), spelt.copy()
            given.update(b"}\0" + stage.context)
            told = (item, str(stage.row["fingerprint"]), given.hexdigest(), str(stage.row["kind"]), "", "")
            row: Row = {**stage.row, "seq": seq, "item": item, "clip": clip, "input": told[2], "after": after}
            row |= {"payload": stage.stored(plain), "sha256": checksum(*told, payload)}
            row |= {"base": None if stage.base is None else base + stage.base}
            covered += _covered(row) + stage.reply
            yield _with(row, {"seal": seal_of(stage.note, root.encode(), covered)})
            after = seq
            spelt.update(b"," + plain[1:-1])


def _with(row: Row, changed: Row) -> Columns:
    return tuple((row | changed).values())


def _covered(row: Row) -> bytes:
    """What a seal covers of a row; see `seals.PLAIN`."""
    payload = row["payload"]
    stored = payload if isinstance(payload, bytes) else str(payload).encode()
    names = ("item", "clip", "stage", "fingerprint", "input", "kind", "reason", "detail", "sha256", "rollout")
    texts = [str("" if row[name] is None else row[name]) for name in (*names, "passing")]
    return "\0".join((*texts, str(len(stored)), "")).encode() + stored


def templates(run: Path, steps: Sequence[Step], truth: Truth) -> tuple[RecipeRow, list[Template]]:
    """Of the windows of the video that a run is made of, in their order."""
    with StoreReader(run) as store:
        recipe = store.recipe()
        assert recipe is not None
        clips = sorted(_rows(store, "clip", "true"), key=lambda row: int(str(row["position"])))
        return recipe, [_template(store, clip, steps, truth) for clip in clips]


def _template(store: StoreReader, clip: Row, steps: Sequence[Step], truth: Truth) -> Template:
    said = Clip.model_validate_json(str(clip["record"]))
    attempts = _rows(store, "attempt", f"item = '{said.id}#0' ORDER BY seq")
    seqs = [row["seq"] for row in attempts]
    own = within(truth, said.start, said.end, whole=False).model_dump(mode="json")
    contexts: list[Json] = [*(None for _ in steps[1:]), own]
    stages = []
    found = _rows(store, "outcome", f"clip = '{said.id}' ORDER BY seq")
    for row, context, note in zip(found, contexts, notes_of(steps, contexts), strict=True):
        base = None if row["base"] is None else seqs.index(row["base"])
        stages.append(_stage(row, context, note, base, attempts))
    return Template(said.video, clip, attempts, stages)


def _stage(row: Row, context: Json, note: bytes, base: int | None, attempts: Sequence[Row]) -> _Stage:
    attempt = None if base is None else attempts[base]
    body, payload = b"" if attempt is None else bytes(attempt["body"]), row["payload"]  # type: ignore[arg-type]
    assert not (attempt and attempt["packed"]), "a short reply"
    text = (unpacked(payload, body) or b"").decode() if isinstance(payload, bytes) else str(payload)
    words = _TEXT.search(text)
    cut = len(text) if words is None else words.end()
    return _Stage(
        row,
        before=text[:cut],
        behind=text[cut:],
        context=canonical(context),
        note=note,
        base=base,
        reply=b"" if attempt is None else b"\0".join((b"\0000", str(len(body)).encode(), body)),
        deflating=zlib.compressobj(wbits=-12, memLevel=5, zdict=body),
        dictionary=zlib.adler32(body).to_bytes(4, "big"),
    )


def _rows(store: StoreReader, table: str, where: str) -> list[Row]:
    names = store.rows(lambda *row: str(row[1]), f"PRAGMA table_info({table})")
    return store.rows(lambda *row: dict(zip(names, row, strict=True)), f"SELECT * FROM {table} WHERE {where}")


def check(connection: apsw.Connection, template: Template, number: int) -> None:
    """Holds what was made of a window, as the `number`th clip, against rocot's own checksums and seals."""
    notes = [stage.note for stage in template.stages]
    first = number * len(notes) + 1
    sealed = {first + index: notes[: index + 1] for index in range(len(notes))}
    found = read_outcomes(connection, BY_SEQ, (json.dumps(list(sealed)),))
    assert len(found) == len(sealed), found
    assert all(outcome.whole for outcome in found), found
    changed = connection.total_changes()
    seal(connection, sealed)
    assert connection.total_changes() == changed, "seals are not what rocot makes them"
