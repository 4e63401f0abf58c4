"""A release's kept rows as files of other trainers, with local paths: an export that is no part of the release.

<to>/sft/<split>.jsonl                    ms-swift, LLaMA-Factory
<to>/rft/<split>.jsonl                    ms-swift
<to>/dataset_info.json                    LLaMA-Factory
<to>/rft/<split>-00000-of-0000N.parquet   verl, with its pictures
<to>/frames/ab/<digest>.jpg               the pictures of the others
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow as pa

from rocot.arrow import schema_of, table_of
from rocot.core.row import Row
from rocot.errors import StoreError, VideoError
from rocot.release.album import Album, Filled, Page, batches, pages
from rocot.release.formats import llama_factory, ms_swift, verl
from rocot.release.formats.sample import Media, unfit
from rocot.release.lines import add_entry, growing_lines
from rocot.release.media import Films, Pictures, Pointing
from rocot.release.parts import Part
from rocot.release.pictured import GROUP_ROWS, pictured, pictured_schema, write_pictured
from rocot.release.shards import opened

Trainer: TypeAlias = Literal["ms-swift", "llama-factory", "verl"]
INFO = "dataset_info.json"

Told: TypeAlias = Callable[[int], None]
"""Hears of kept rows that are through, a few at a time."""


@dataclass
class Given:
    """What was written of a split, and what was not."""

    rows: int = 0
    """That are written."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Kept rows that are not, by reason."""
    missing: dict[str, str] = field(default_factory=dict)
    """Of clips without media, why, in a sentence."""
    files: tuple[Path, ...] = ()

    def count(self, page: Page, fault: VideoError | None = None) -> None:
        """Rows that are written, or that have no media."""
        if fault is None:
            self.rows += len(page.shots)
        else:
            self.left_out[fault.reason] += len(page.shots)
            self.missing[page.shots[0].clip] = f"{fault.reason} ({fault.detail})"


@dataclass(frozen=True)
class Handing:
    """One export of one release to one trainer; `films` where whole videos stand in the place of frames."""

    release: Path
    to: Path
    album: Album
    films: Films | None = None

    def give(self, trainer: Trainer, part: Part, name: str, told: Told) -> Given:
        """Writes one split. `name` is what LLaMA-Factory calls it by. Raises StoreError where it cannot be written."""
        given = Given()
        try:
            if trainer == "verl":
                given.files = tuple(self._verl(part, given, told))
            else:
                given.files = self._lines(trainer, part, given, told)
            if trainer == "llama-factory":
                entry = llama_factory.dataset(f"sft/{part.split}.jsonl", video=self.films is not None)
                add_entry(self.to / INFO, name, entry)
        except OSError as error:
            raise StoreError(
                f"{self.to}: cannot be written ({error.strerror or error}); make room, or name another folder with --to"
            ) from error
        return given

    def _lines(self, trainer: Trainer, part: Part, given: Given, told: Told) -> tuple[Path, ...]:
        swift = {"sft": ms_swift.sft, "rft": ms_swift.rft}
        forms = swift if trainer == "ms-swift" else {"sft": llama_factory.sft}
        paths = [self.to / folder / f"{part.split}.jsonl" for folder in forms]
        with ExitStack() as stack:
            files = [stack.enter_context(growing_lines(path)) for path in paths]
            for page, media in self._pointed(part, given, told):
                for row, own in zip(_rows(page), media, strict=True):
                    for add, form in zip(files, forms.values(), strict=True):
                        add(form(row, own))
        return tuple(paths)

    def _pointed(self, part: Part, given: Given, told: Told) -> Iterator[tuple[Page, Sequence[Media]]]:
        """Pages with media, counted."""
        pointing: Pointing = self.films or Pictures(self.album, self.to)
        for page, media in pointing.media(self._fit(part, given, told)):
            if isinstance(media, VideoError):
                given.count(page, media)
            else:
                given.count(page)
                yield page, media
            told(len(page.shots))

    def _verl(self, part: Part, given: Given, told: Told) -> Sequence[Path]:
        if self.films is not None:
            films = schema_of(verl.VerlVideoRow)
            return write_pictured(self.to / "rft", part.split, self._film_tables(part, given, told), films)
        schema = schema_of(verl.VerlRow)
        filled = _counted(self.album.filled(self._asked(part, given, told)), given, told)
        groups = pictured(filled, schema, lambda _: None)
        return write_pictured(self.to / "rft", part.split, groups, pictured_schema(schema))

    def _film_tables(self, part: Part, given: Given, told: Told) -> Iterator[pa.Table]:
        waiting: list[verl.VerlRow] = []
        index = 0
        for page, media in self._pointed(part, given, told):
            for row, own in zip(_rows(page), media, strict=True):
                waiting.append(verl.rft(row, own, index))
                index += 1
            if len(waiting) >= GROUP_ROWS:
                yield table_of(waiting, verl.VerlVideoRow)
                waiting = []
        if waiting:
            yield table_of(waiting, verl.VerlVideoRow)

    def _asked(self, part: Part, given: Given, told: Told) -> Iterator[Page]:
        """Pages of verl's rows in the place of the release's: the question, and the frames of the first look alone."""
        index = 0
        for page in self._fit(part, given, told):
            rows = [verl.rft(row, Media(), index + number) for number, row in enumerate(_rows(page))]
            index += len(rows)
            first = {"relook_times": (), "relook_digests": ()}
            yield Page(table_of(rows, verl.VerlRow), [shot.model_copy(update=first) for shot in page.shots])

    def _fit(self, part: Part, given: Given, told: Told) -> Iterator[Page]:
        """The kept rows that this form can tell."""
        for file in part.files:
            with opened(self.release / file.path) as shard:
                for page in pages(batches(shard, kept=True), file.path):
                    whys = [unfit(row, video=self.films is not None) for row in _rows(page)]
                    fit = [index for index, why in enumerate(whys) if why is None]
                    given.left_out.update(why for why in whys if why is not None)
                    told(len(whys) - len(fit))
                    if fit:
                        yield Page(page.rows.take(fit), [page.shots[index] for index in fit])


def _rows(page: Page) -> Sequence[Row]:
    return [Row.model_validate(values) for values in page.rows.to_pylist()]


def _counted(filled: Iterator[Filled], given: Given, told: Told) -> Iterator[Filled]:
    for one in filled:
        given.count(one.page, one.found if isinstance(one.found, VideoError) else None)
        yield one
        told(len(one.page.shots))
