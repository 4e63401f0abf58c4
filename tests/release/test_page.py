"""The report's page: its structure, its numbers, what it loads and what hostile text does to it, which is nothing."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from rocot.core.row import Row
from rocot.core.truth import NORMAL, Truth
from rocot.prices import Prices
from rocot.release.page import page, points, share
from rocot.release.shards import write_shards
from rocot.release.strip import FRAMES, WIDTH
from rocot.release.summarize import summarize
from tests.builders import EDITION, answer, corrected, corrupted, fight, reflection
from tests.release.test_export import exported

VOID = {"meta", "img", "br"}
HOSTILE = "</dd><script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>\u202e&\"'"


class Read(HTMLParser):
    """A page taken apart. Fails where tags do not close in the order in which they opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.figures: dict[str, set[str]] = {}
        self.words = ""
        self._figure = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append((tag, said))
        self._figure = said.get("data-figure", "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag
        self._figure = ""

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._figure:
            self.figures.setdefault(self._figure, set()).add(data)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    exported(run, 20)
    return run


def drawn(path: Path) -> str:
    return page(summarize(path, Prices()), None)


def test_its_parts_are_there_in_order(made: Path) -> None:
    read = Read(drawn(made))
    sections = [said["id"] for tag, said in read.tags if tag == "section"]
    assert sections == [
        "short",
        "funnel",
        "flips",
        "grounding",
        "reflections",
        "spent",
        "examples",
        "reading",
    ]
    assert [tag for tag, _ in read.tags].count("h1") == 1
    assert [said["class"] for tag, said in read.tags if tag == "article"] == (
        ["corrected"] * 3 + ["corrupted"] * 3 + ["confirmed"] * 3
    )
    named = [said["id"] for _, said in read.tags if "id" in said]
    assert len(named) == len(set(named))
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in read.tags
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in read.tags


def test_its_figures_are_those_of_the_shards(made: Path) -> None:
    table = pd.read_parquet(made / "release" / "data")
    first = table["scores"].map(lambda scores: scores["initial_right"]).astype(bool)
    last = table["scores"].map(lambda scores: scores["revised_right"]).astype(bool)
    figures = Read(drawn(made)).figures
    wanted = {
        "acc_first": share(first.mean()),
        "acc_last": share(last.mean()),
        "delta": points(last.mean() - first.mean()),
        "to_right": share((~first & last).mean()),
        "to_wrong": share((first & ~last).mean()),
        "rectification": share(last[~first].mean()),
        "corruption": share((~last[first]).mean()),
        "change": share(13 / 20),
        "kept": str(table["kept"].sum()),
        "first_tiou": share(table["scores"].map(lambda scores: scores["initial_tiou"]).mean()),
        "last_tiou": share(table["scores"].map(lambda scores: scores["revised_tiou"]).mean()),
        **{name: str(count) for name, count in table["outcome"].value_counts().items()},
    }
    assert {name: figures[str(name)] for name in wanted} == {name: {value} for name, value in wanted.items()}


def test_groups_have_a_table_and_a_plot_each(tmp_path: Path) -> None:
    normal = fight("n").but(initial=answer(()), revised=answer(()), truth=Truth(labels=(NORMAL,), spans=()))
    rows = [Row.of(one.judged(), EDITION) for one in (fight("a"), corrected("b"), normal)]
    write_shards(tmp_path, "train", rows, Row)
    read = Read(drawn(tmp_path))
    assert [said["data-groups"] for tag, said in read.tags if "data-groups" in said] == ["class"]
    assert [said["aria-label"] for tag, said in read.tags if tag == "svg"] == ["Gain by true class", "Temporal IoU"]
    assert re.search(r"Fighting\s*2\s*\+50\.0", read.words)


def loads(text: str) -> list[str]:
    """Whatever in a page could make a browser fetch or run something."""
    read = Read(text)
    found = [tag for tag, _ in read.tags if tag in {"script", "link", "iframe", "object", "embed", "base", "form"}]
    for _, said in read.tags:
        found += [f"{name}={value}" for name, value in said.items() if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
            if name in said and not said[name].startswith(("#", "data:image/jpeg;base64,")):
                found.append(f"{name}={said[name]}")
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL) + [said.get("style", "") for _, said in read.tags]
    return found + [style for style in styles if "@import" in style or re.search(r"url\((?!['\"]?#)", style)]


def test_it_loads_nothing_and_runs_nothing(made: Path) -> None:
    text = drawn(made)
    assert loads(text) == []
    assert "default-src 'none'" in text
    assert loads(text.replace("</body>", "<img src='http://127.0.0.1/x'></body>")) == ["src=http://127.0.0.1/x"]


def test_equal_releases_give_equal_pages(made: Path) -> None:
    assert drawn(made) == drawn(made)


def hostile_row(name: str, **parts: object) -> Row:
    row = Row.of(fight(name).but(reflection=reflection(critique=HOSTILE)).judged(), EDITION)
    return row.model_copy(update={"source": f"{HOSTILE} $x$ {name}", "id": f"{name}{HOSTILE}", **parts})


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    said = answer(label=HOSTILE, reasoning=HOSTILE)
    truth = fight().truth.model_copy(update={"labels": (HOSTILE, "Fighting")})
    write_shards(tmp_path, "train", [hostile_row(name, initial=said, revised=said, truth=truth) for name in "ab"], Row)
    text = drawn(tmp_path)
    read = Read(text)
    assert loads(text) == []
    assert {tag for tag, _ in read.tags}.isdisjoint({"script", "img"})
    assert "\u202e" not in text
    assert read.words.count("<script>alert(1)</script>") >= 8
    assert "$x$" in read.words


def jpeg() -> bytes:
    written = BytesIO()
    Image.new("RGB", (640, 480), "teal").save(written, "JPEG")
    return written.getvalue()


def test_frames_are_shown_small_and_only_where_they_are_given(made: Path) -> None:
    gathered = summarize(made, Prices())
    assert "<img" not in page(gathered, None)
    images = [said["src"] for tag, said in Read(page(gathered, lambda _: jpeg())).tags if tag == "img"]
    assert len(images) == 9 * FRAMES
    with Image.open(BytesIO(b64decode(images[0].removeprefix("data:image/jpeg;base64,")))) as small:
        assert small.size == (WIDTH, WIDTH * 3 // 4)


@pytest.mark.parametrize("data", [None, b"", b"\xff\xd8 no jpeg", b"GIF89a"])
def test_a_frame_that_is_gone_or_broken_is_left_out(made: Path, data: bytes | None) -> None:
    text = page(summarize(made, Prices()), lambda _: data)
    assert "<img" not in text
    assert "<article" in text


def test_a_release_of_nothing_is_told_so(tmp_path: Path) -> None:
    write_shards(tmp_path, "train", [], Row)
    read = Read(drawn(tmp_path))
    assert "nothing can be measured" in read.words
    assert "<article" not in read.words


def test_rows_without_truth_have_no_rates(tmp_path: Path) -> None:
    unknown = fight().truth.model_copy(update={"labels": None, "spans": None})
    rows = [
        Row.of(kind(name).but(truth=unknown).judged(), EDITION) for kind, name in ((corrected, "a"), (corrupted, "b"))
    ]
    write_shards(tmp_path, "train", rows, Row)
    read = Read(drawn(tmp_path))
    assert read.figures["acc_first"] == {"\N{EN DASH}"}
    assert "whether reflection helped is unknown" in read.words
