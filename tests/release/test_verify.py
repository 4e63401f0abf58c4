"""`verify` finds every byte that is not as it was written."""

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from rocot.errors import ConfigError
from rocot.release.export import export
from rocot.release.files import NAMELESS
from rocot.release.ready import ready
from rocot.release.validate import validate
from rocot.release.verify import Verification, verify_folder
from tests.builders import many
from tests.release.test_export import FLOW, RECIPE, card, exported, samples
from tests.release.test_validate import resealed

SHARD = "data/train-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with every config, of two splits."""
    run = tmp_path_factory.mktemp("run")
    for split, count in (("train", 40), ("test", 6)):
        export(run, RECIPE, FLOW, samples(many(count, split), split), controls=True, card=card)
    return run / "release"


@pytest.fixture
def release(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made, tmp_path / "release"))


def told(found: Verification) -> str:
    return "; ".join(f"{problem.where} {problem.what}" for problem in (*found.damage, *found.unusable))


def test_a_release_is_as_it_was_written(made: Path) -> None:
    found = verify_folder(made)
    assert (found.exit_code, told(found), found.release) == (0, "", "tiny 0.1.0")
    listed = json.loads((made / "manifest.json").read_text())
    assert found.files == 11
    assert found.bytes == sum(
        path.stat().st_size
        for path in made.rglob("*")
        if path.is_file() and path.parts[-2] not in {"left_out", "usage"} and path.name != "manifest.json"
    )
    assert found.rows > 46 + listed["splits"]["train"]["kept"]


def flips(paths: list[Path], count: int, seed: int) -> Iterator[tuple[Path, bytes]]:
    """Single bits, flipped at random over all bytes of the files and mended again; the file, and its bytes before."""
    rng = random.Random(seed)
    sizes = [path.stat().st_size for path in paths]
    for _ in range(count):
        (path,) = rng.choices(paths, sizes)
        whole = path.read_bytes()
        bit = rng.randrange(len(whole) * 8)
        spoilt = bytearray(whole)
        spoilt[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(spoilt)
        yield path, whole
        path.write_bytes(whole)


def test_sixty_flipped_bits_over_all_shards_are_sixty_found(release: Path) -> None:
    shards = sorted(path for path in release.rglob("*.parquet") if path.parent.name not in {"left_out", "usage"})
    assert len(shards) == 10
    found = 0
    for path, _ in flips(shards, 60, seed=7):
        result = verify_folder(release)
        found += result.exit_code == 1
        assert [problem.where for problem in result.damage] == [path.relative_to(release).as_posix()]
        assert "sha256" in told(result)
    assert found == 60


@pytest.mark.parametrize("name", ["manifest.json", "README.md"])
def test_a_flipped_bit_of_manifest_or_card_is_found(release: Path, name: str) -> None:
    for _ in flips([release / name], 60, seed=8):
        assert verify_folder(release).exit_code in {1, 2}


def test_without_a_manifest_nearly_all_flipped_bits_are_found_and_no_other_changes_a_row(tmp_path: Path) -> None:
    """Page headers and the footer have no checksum; what is flipped there is told, or changes nothing that is read."""
    rng = random.Random(1)
    items = [item.model_copy(update={"question": rng.randbytes(60).hex()}) for item in many(200)]
    export(tmp_path, RECIPE, FLOW, samples(items))
    release = tmp_path / "release"
    (release / "manifest.json").unlink()
    shards = sorted(path for path in release.rglob("*.parquet") if path.parent.name not in {"left_out", "usage"})
    wanted = {path: pq.read_table(path) for path in shards}
    assert verify_folder(release).exit_code == 2
    found = 0
    for path, _ in flips(shards, 60, seed=9):
        if verify_folder(release).exit_code == 1:
            found += 1
        else:
            assert pq.read_table(path).equals(wanted[path])
    assert found >= 50


def test_files_without_page_checksums_are_counted_and_nothing_is_claimed_of_their_pages(tmp_path: Path) -> None:
    exported(tmp_path, 20)
    shard = tmp_path / "release" / SHARD
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pq.write_table(pq.read_table(shard), tmp_path / name / "bare.parquet")
    bare = verify_folder(tmp_path / "a")
    assert (bare.exit_code, bare.files, bare.rows) == (2, 1, 20)
    assert told(bare).endswith(
        "is not there: what is missing or was exchanged cannot be told;"
        " 1 Parquet file was written without checksums: a change in its pages cannot be told"
    )
    for name in ("c", "d"):
        shutil.copy(shard, tmp_path / "b" / f"{name}.parquet")
    assert told(verify_folder(tmp_path / "b")).endswith(
        "; the pages of 2 Parquet files hold against their checksums;"
        " 1 Parquet file was written without checksums: a change in its pages cannot be told"
    )


def gone(release: Path) -> None:
    (release / SHARD).unlink()


def shorter(release: Path) -> None:
    (release / SHARD).write_bytes((release / SHARD).read_bytes()[:-1])


def exchanged(release: Path) -> None:
    shutil.copy(release / "data" / "test-00000-of-00001.parquet", release / SHARD)


def replaced_by_a_folder(release: Path) -> None:
    (release / SHARD).unlink()
    (release / SHARD).mkdir()


def replaced_by_a_pipe(release: Path) -> None:
    (release / SHARD).unlink()
    os.mkfifo(release / SHARD)


def stray(release: Path) -> None:
    shutil.copy(release / SHARD, release / "data" / "more-00000-of-00001.parquet")


def stray_note(release: Path) -> None:
    (release / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (gone, "is listed in the manifest and not there"),
        (shorter, "were written"),
        (exchanged, "were written"),
        (replaced_by_a_folder, "is no plain file"),
        (replaced_by_a_pipe, "is no plain file"),
        (stray, "data/more-00000-of-00001.parquet is not in the manifest, and would be loaded with the others"),
        (stray_note, "notes.txt is not in the manifest"),
    ],
)
def test_what_is_not_as_it_was_written_is_told_by_name(
    release: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(release)
    found = verify_folder(release)
    assert found.exit_code == 1
    assert words in told(found)


def test_hidden_files_and_the_folders_beside_are_nobodys_business(release: Path, tmp_path: Path) -> None:
    (release / ".cache").mkdir()
    (release / ".cache" / "x.parquet").write_bytes(b"")
    (release / ".gitattributes").write_text("")
    (release / "usage" / "more.parquet").write_bytes(b"")
    shutil.copy(release / SHARD, release / "data" / ".train-00001-of-00001.parquet")
    (release / "data" / ".cache").mkdir()
    shutil.copy(release / SHARD, release / "data" / ".cache" / "train-00001-of-00001.parquet")
    assert (verify_folder(release).exit_code, validate(release).problems) == (0, ())
    assert pq.ParquetDataset(release / "data").read().num_rows == 46  # as pandas has it
    assert load_dataset(str(release), "all", cache_dir=str(tmp_path / "cache")).num_rows == {"train": 40, "test": 6}
    (release / "manifest.json").unlink()
    assert validate(release).rows == 46
    assert verify_folder(release).files == 14, "four of them in left_out/ and usage/"


def test_links_to_folders_are_told_once_and_not_followed(release: Path, tmp_path: Path) -> None:
    """As `datasets` has it: it loads what a link to a file, and one in the place of `data`, leads to."""
    (tmp_path / "more").mkdir()
    shutil.copy(release / SHARD, tmp_path / "more" / "train-00001-of-00002.parquet")
    (release / "data" / "more").symlink_to(tmp_path / "more")
    (release / "data" / "loop").symlink_to(".")
    (release / "data" / ".loop").symlink_to(".")
    wanted = [(f"data/{name}", "is a link to a folder, which is not followed") for name in ("loop", "more")]
    found, report = verify_folder(release), validate(release)
    assert ([(one.where, one.what) for one in found.damage], found.exit_code) == (wanted, 1)
    assert ([(one.where, one.what) for one in report.problems], report.exit_code) == (wanted, 2)
    assert load_dataset(str(release), "all", cache_dir=str(tmp_path / "cache")).num_rows == {"train": 40, "test": 6}
    (release / "manifest.json").unlink()
    assert [(one.where, one.what) for one in verify_folder(release).unusable[1:]] == wanted


def test_a_folder_of_a_release_may_lie_elsewhere_and_so_may_a_file(release: Path, tmp_path: Path) -> None:
    (release / "data").rename(tmp_path / "elsewhere")
    (release / "data").symlink_to(tmp_path / "elsewhere")
    (release / "README.md").rename(tmp_path / "card.md")
    (release / "README.md").symlink_to(tmp_path / "card.md")
    assert (verify_folder(release).exit_code, validate(release).problems) == (0, ())
    assert load_dataset(str(release), "all", cache_dir=str(tmp_path / "cache")).num_rows == {"train": 40, "test": 6}


@pytest.mark.parametrize("to", ["nowhere", "train-00009-of-00010.parquet"])
def test_a_link_that_leads_nowhere_is_told(release: Path, to: str) -> None:
    (release / "data" / "train-00009-of-00010.parquet").symlink_to(to)
    words = "data/train-00009-of-00010.parquet is not in the manifest, and would be loaded with the others"
    assert words in told(verify_folder(release))
    assert validate(release).exit_code == 2


def test_a_file_whose_name_is_no_utf8_is_told_by_it_spelt_out(release: Path) -> None:
    (release / "data" / "test-00000-of-00001.parquet").unlink()
    shutil.copy(release / SHARD, release / "data" / "\udcff\n.parquet")
    words = r"data/\udcff\n.parquet is not in the manifest, and would be loaded with the others"
    found, report = verify_folder(release), validate(release)
    assert (words in told(found), found.exit_code) == (True, 1)
    assert words in [f"{problem.where} {problem.what}" for problem in report.problems]
    with pytest.raises(ConfigError, match=r"data/\\udcff\\n\.parquet is not in the manifest"):
        ready(release)
    (release / "manifest.json").unlink()
    found, report = verify_folder(release), validate(release)
    assert (found.files, found.damage) == (13, ())
    assert {example.file for reason in report.invalid for example in reason.examples} == {r"data/\udcff\n.parquet"}
    assert all(answer.model_dump_json().isprintable() for answer in (found, report))


def test_a_release_whose_own_name_is_no_utf8_is_told_what_to_do(made: Path, tmp_path: Path) -> None:
    release = Path(shutil.copytree(made, tmp_path / "\udcff"))
    told_twice = {(rf"{tmp_path}/\udcff", NAMELESS)}
    found, report = verify_folder(release), validate(release)
    assert {(problem.where, problem.what) for problem in (*found.unusable, *report.problems)} == told_twice
    assert (found.exit_code, report.exit_code) == (2, 2)
    assert (found.path, report.path) == (rf"{tmp_path}/\udcff", rf"{tmp_path}/\udcff")
    with pytest.raises(ConfigError, match="rename it"):
        ready(release)
    assert verify_folder(release / "nowhere").exit_code == 2


def lie(release: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Changes the manifest, and seals it again as its writer would."""
    path = release / "manifest.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(resealed(json.dumps(values)))


def test_a_manifest_whose_words_were_changed_is_told(release: Path) -> None:
    path = release / "manifest.json"
    path.write_text(path.read_text().replace('"release": "tiny"', '"release": "tine"'))
    found = verify_folder(release)
    assert (found.exit_code, "was changed after it was written" in told(found)) == (2, True)
    path.write_text(path.read_text().replace('"release": "tine"', '"release": "\\ud800"'))
    assert verify_folder(release).exit_code == 2


def test_a_manifest_that_was_sealed_over_other_rows_is_told(release: Path) -> None:
    def more(values: dict[str, object]) -> None:
        entry = json.loads(json.dumps(values["splits"]))
        entry["train"]["files"][0]["rows"] += 1
        values["splits"] = entry

    lie(release, more)
    found = verify_folder(release)
    assert "has 40 rows, the manifest says 41" in told(found)
    assert "split train, rows: says 40, its shards have 41" in told(found)


def test_columns_other_than_the_manifest_says_are_told(release: Path) -> None:
    def other(values: dict[str, object]) -> None:
        values["columns"] = {**json.loads(json.dumps(values["columns"])), "sft": "0" * 64}

    lie(release, other)
    found = verify_folder(release)
    assert [problem.where for problem in found.damage] == [
        f"sft/{split}-00000-of-00001.parquet" for split in ("test", "train")
    ]
    assert "other columns" in told(found)


def test_a_release_of_format_1_is_told_what_to_do(release: Path) -> None:
    def old(values: dict[str, object]) -> None:
        values["format"] = 1

    lie(release, old)
    found = verify_folder(release)
    assert found.exit_code == 2
    assert "a release of format 1, made by rocot 0.1.0" in told(found)
    assert "`rocot export`: nothing is asked again" in told(found)


def test_what_is_no_release_cannot_be_told(tmp_path: Path) -> None:
    assert verify_folder(tmp_path / "nowhere").exit_code == 2
    assert verify_folder(tmp_path).exit_code == 2
    (tmp_path / "file").write_text("x")
    assert "is no folder" in told(verify_folder(tmp_path / "file"))


def test_a_shard_of_a_former_release_is_stray(tmp_path: Path) -> None:
    exported(tmp_path, 600, size=1)
    release = tmp_path / "release"
    kept = (release / "data" / "train-00001-of-00002.parquet").read_bytes()
    exported(tmp_path, 20)
    (release / "data" / "train-00001-of-00002.parquet").write_bytes(kept)
    assert verify_folder(release).exit_code == 1


def test_verifying_alters_nothing(release: Path) -> None:
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in release.rglob("*") if path.is_file()}
    verify_folder(release)
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in before} == before
