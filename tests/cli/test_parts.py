"""Runs in parts, on the real command line: made, refused, united, and the same release as of one machine."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from rocot.core.part import Part
from rocot.engine.reader import FILE
from rocot.release.manifest import read_manifest
from tests.cli.bench import Bench
from tests.contracts.numbered import film

FILMS = "abcdefgh"
CSV = "path,label,start,end\n" + "".join(
    f"{name}.mp4,Fighting,1,2\n" if number % 2 else f"{name}.mp4,Normal,,\n" for number, name in enumerate(FILMS)
)
PARTS = 3
MERGE = ("merge", *(f"runs/own-part-{number}-of-{PARTS}" for number in range(1, PARTS + 1)), "--out", "runs/whole")
Done = subprocess.CompletedProcess[str]


def part(bench: Bench, number: int, *words: str, of: int = PARTS) -> Done:
    return bench.rocot("generate", "--recipe", "own.toml", "--part", f"{number}/{of}", *words)


def digests(run: Path) -> dict[str, str]:
    """sha256 of every file that two equal runs must agree on."""
    made = read_manifest(run / "release")
    assert made is not None
    names = [*(file.path for file in made.listed), "manifest.json"]
    return {name: hashlib.sha256((run / "release" / name).read_bytes()).hexdigest() for name in names}


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """All parts of a run, and the run of one machine beside them."""
    folder = tmp_path_factory.mktemp("parted")
    bench = Bench(folder, folder / "cache")
    bench.lay(length=1, csv=CSV, films=FILMS)
    for number in range(1, PARTS + 1):
        made = part(bench, number)
        assert made.returncode == 0, made.stderr
    whole = bench.rocot("generate", "--recipe", "own.toml", "--run", "runs/one")
    assert whole.returncode == 0, whole.stderr
    return bench


@pytest.fixture
def again(parted: Bench, tmp_path: Path) -> Bench:
    """The same in a folder of its own."""
    copied(parted.folder, tmp_path / "parted")
    return Bench(tmp_path / "parted", parted.cache)


def test_parts_are_united_into_the_release_of_one_machine_byte_for_byte(again: Bench) -> None:
    merged = again.rocot(*MERGE)
    assert merged.returncode == 0, merged.stderr
    assert "3 parts united in runs/whole" in merged.stdout
    assert ["train", str(len(FILMS)), str(3 * len(FILMS))] in [line.split() for line in merged.stdout.splitlines()]
    exported = again.rocot("export", "runs/whole")
    assert exported.returncode == 0, exported.stderr
    assert digests(again.folder / "runs/whole") == digests(again.folder / "runs/one")
    resumed = again.rocot("generate", "--recipe", "own.toml", "--run", "runs/whole")
    assert resumed.returncode == 0, resumed.stderr
    assert "tokens" not in resumed.stderr, "it asks nothing"
    told = [json.loads(again.rocot("status", f"runs/{name}", "--json").stdout) for name in ("whole", "one")]
    assert told[0]["splits"] == told[1]["splits"]
    assert told[0]["part"] is None


def test_the_same_merge_again_does_nothing(again: Bench) -> None:
    assert again.rocot(*MERGE).returncode == 0
    before = (again.folder / "runs/whole" / FILE).stat()
    merged = again.rocot(*MERGE)
    assert merged.returncode == 0, merged.stderr
    assert "holds these 3 parts already" in merged.stdout
    after = (again.folder / "runs/whole" / FILE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_part_says_what_it_is_and_exports_nothing(again: Bench) -> None:
    second = again.folder / "runs/own-part-2-of-3"
    assert not (second / "release").exists()
    told = part(again, 2)
    assert "split train, part 2 of 3: " in told.stdout
    assert "rocot merge runs/own-part-*-of-3 --out runs/own" in told.stdout
    status = again.rocot("status", str(second))
    assert "own 0.1.0, part 2/3, teacher scripted" in status.stdout
    assert json.loads(again.rocot("status", str(second), "--json").stdout)["part"] == "2/3"
    assert again.rocot("show", str(second)).returncode == 0
    refused = again.rocot("export", str(second))
    assert refused.returncode == 2
    assert "it is part 2 of 3 of a run, and a release is made of all parts together" in refused.stderr


def test_what_is_printed_to_type_next_can_be_pasted(again: Bench) -> None:
    made = part(again, 2, "--run", "runs/my own")
    assert made.returncode == 0, made.stderr
    assert "  rocot merge 'runs/my own'-part-*-of-3 --out 'runs/my own'" in made.stdout.splitlines()
    merged = again.rocot(*MERGE[:-1], "my whole")
    assert [line.split("  ")[1] for line in merged.stdout.splitlines()[-2:]] == [
        "rocot export 'my whole'",
        "rocot status 'my whole'",
    ]


def test_a_folder_is_gone_on_with_as_what_it_was_begun(again: Bench) -> None:
    runs = again.folder / "runs"
    shutil.move(runs / "own-part-2-of-3", runs / "own-part-1-of-5")
    other = part(again, 1, of=5)
    assert other.returncode == 2
    assert "it is part 2 of 3, and cannot be gone on with as part 1 of 5" in other.stderr
    whole = again.rocot("generate", "--recipe", "own.toml", "--run", "runs/own-part-1-of-5")
    assert whole.returncode == 2
    assert "--part 2/3" in whole.stderr


def test_a_missing_part_is_named(again: Bench) -> None:
    refused = again.rocot("merge", "runs/own-part-1-of-3", "runs/own-part-3-of-3", "--out", "runs/whole")
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == ["rocot: rocot merge: 1 thing to fix", "  part of 3 missing: 2"]
    assert not (again.folder / "runs/whole" / FILE).exists()


def test_a_part_that_came_twice_is_named(again: Bench) -> None:
    copied(again.folder / "runs/own-part-2-of-3", again.folder / "runs/copy")
    refused = again.rocot(*MERGE, "runs/copy")
    assert refused.returncode == 2
    assert "part 2 of 3 came 2 times: runs/copy, runs/own-part-2-of-3" in refused.stderr
    same = again.rocot(*MERGE, "runs/copy/../own-part-2-of-3")
    assert same.returncode == 2
    assert "named 2 times (runs/own-part-2-of-3, runs/copy/../own-part-2-of-3); name it once" in same.stderr
    assert not (again.folder / "runs/whole" / FILE).exists()


def test_parts_of_different_numbers_are_told_and_nobody_is_asked_to_report_it(again: Bench) -> None:
    made = part(again, 1, of=2)
    assert made.returncode == 0, made.stderr
    refused = again.rocot(*MERGE, "runs/own-part-1-of-2")
    assert refused.returncode == 2
    told = "runs/own-part-1-of-2: it is part 1 of 2, and the others are parts of 3; leave it out"
    assert refused.stderr.splitlines() == ["rocot: rocot merge: 1 thing to fix", f"  {told}"]


def test_a_foreign_part_is_refused_and_it_is_said_what_differs(again: Bench) -> None:
    recipe = again.folder / "own.toml"
    recipe.write_text(recipe.read_text().replace("seed = 7", "seed = 8") + "[gate]\ntiou = 0.25\n")
    assert part(again, 2).returncode == 0
    refused = again.rocot(*MERGE)
    assert refused.returncode == 2
    assert "part 2 of 3 (runs/own-part-2-of-3): another recipe than part 1 of 3" in refused.stderr
    assert "teacher.seed is 7 there and 8 here" in refused.stderr
    assert "gate.tiou is 0.5 there and 0.25 here" in refused.stderr
    assert "; run `rocot generate --part 2/3` again with the same recipe" in refused.stderr
    part(again, 1, of=4)
    foreign = again.rocot("merge", *MERGE[1:3], "runs/own-part-1-of-4", "--out", "runs/whole")
    assert foreign.returncode == 2
    assert "runs/own-part-1-of-4: it is part 1 of 4, and the others are parts of 3" in foreign.stderr
    assert "part of 3 missing: 3" in foreign.stderr
    whole = again.rocot("merge", "runs/one", "--out", "runs/whole")
    assert whole.returncode == 2
    assert "runs/one: a whole run, and no part of one" in whole.stderr


def test_a_part_that_saw_other_videos_is_refused(again: Bench) -> None:
    numbers = {name: next(n for n in range(1, 4) if Part(number=n, of=3).holds("own", name)) for name in "xyzuvw"}
    name = next(name for name, number in numbers.items() if number != 2)
    film(again.folder / "videos" / f"{name}.mp4")
    assert part(again, 2).returncode == 0
    refused = again.rocot(*MERGE)
    assert refused.returncode == 2
    assert "part 2 of 3 (runs/own-part-2-of-3): split train: it saw other videos (9) than part 1 of 3" in refused.stderr


def test_parts_that_are_not_done_are_named_and_taken_only_on_request(again: Bench) -> None:
    shutil.rmtree(again.folder / "runs/own-part-2-of-3")
    number = len([name for name in FILMS if Part(number=2, of=3).holds("own", name)])
    assert number
    pilot = part(again, 2, "--limit", "1")
    assert pilot.returncode == 0, pilot.stderr
    refused = again.rocot(*MERGE)
    assert refused.returncode == 2
    assert "part 2 of 3 (runs/own-part-2-of-3): split train was not listed to its end" in refused.stderr
    taken = again.rocot(*MERGE, "--unfinished")
    assert taken.returncode == 0, taken.stderr
    status = json.loads(again.rocot("status", "runs/whole", "--json").stdout)
    assert not status["splits"][0]["listed"]
    assert part(again, 2).returncode == 0
    merged = again.rocot(*MERGE)
    assert "3 parts united" in merged.stdout, "what the part has done since is taken up"
    assert again.rocot("export", "runs/whole").returncode == 0
    assert digests(again.folder / "runs/whole") == digests(again.folder / "runs/one")


def test_what_was_paid_in_a_merged_run_is_never_written_over(again: Bench) -> None:
    shutil.rmtree(again.folder / "runs/own-part-2-of-3")
    part(again, 2, "--limit", "1")
    assert again.rocot(*MERGE, "--unfinished").returncode == 0
    whole = again.rocot("generate", "--recipe", "own.toml", "--run", "runs/whole")
    assert whole.returncode == 0, whole.stderr
    assert digests(again.folder / "runs/whole") == digests(again.folder / "runs/one")
    part(again, 2)
    refused = again.rocot(*MERGE)
    assert refused.returncode == 2
    assert "it was worked on since its parts were merged" in refused.stderr
    plain = again.rocot(*MERGE[:-1], "runs/one")
    assert plain.returncode == 2
    assert "a run lies there that is no merge" in plain.stderr


@pytest.mark.parametrize("lies", ["file", "link", "loop"])
def test_a_whole_run_goes_to_no_file_and_no_link_to_nowhere(again: Bench, lies: str) -> None:
    place = again.folder / "runs" / lies
    if lies == "file":
        place.touch()
    else:
        place.symlink_to("loop" if lies == "loop" else "nothing")
    refused = again.rocot(*MERGE[:-1], f"runs/{lies}")
    assert refused.returncode == 2
    why = "it is a file, and no folder" if lies == "file" else "it is a link that leads to no folder"
    assert refused.stderr.splitlines() == [f"rocot: runs/{lies}: {why}; choose another run folder"]


def test_what_was_withdrawn_from_a_part_is_withdrawn_from_the_whole(again: Bench) -> None:
    name = next(name for name in FILMS if Part(number=3, of=3).holds("own", name))
    assert again.rocot("withdraw", f"own/{name}", "--run", "runs/own-part-3-of-3").returncode == 0
    merged = again.rocot(*MERGE)
    assert merged.returncode == 0, merged.stderr
    exported = again.rocot("export", "runs/whole")
    assert "export: withdrawn" in exported.stdout


def test_an_empty_part_is_a_part(bench: Bench) -> None:
    bench.lay(films="ab")
    for number in range(1, 9):
        made = part(bench, number, of=8)
        assert made.returncode == 0, made.stderr
    merged = bench.rocot("merge", *(f"runs/own-part-{number}-of-8" for number in range(1, 9)), "--out", "runs/own")
    assert merged.returncode == 0, merged.stderr
    assert bench.rocot("export", "runs/own").returncode == 0


def test_a_part_lies_beside_its_run_and_not_beside_the_root(bench: Bench) -> None:
    bench.lay()
    refused = bench.rocot("generate", "--recipe", "own.toml", "--part", "1/3", "--run", "/")
    assert refused.returncode == 2
    told = "--run /: a part lies beside its run's folder, and nothing does beside /; name another folder"
    assert refused.stderr.splitlines() == [f"rocot: {told}"]


@pytest.mark.parametrize("text", ["0/8", "9/8", "3", "a/b"])
def test_what_is_no_part_is_told_in_one_message(bench: Bench, text: str) -> None:
    bench.lay()
    refused = bench.rocot("generate", "--recipe", "own.toml", "--part", text)
    assert refused.returncode == 2
    assert "--part: want I/N, as in 3/8" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_target_and_ceilings_of_a_part(bench: Bench) -> None:
    bench.lay()
    refused = part(bench, 1, "--target-accepted", "2")
    assert refused.returncode == 2
    assert "--target-accepted counts the rows of a whole run" in refused.stderr
    made = part(bench, 1, "--max-calls", "100", of=2)
    assert "2 parts may come to 2 times that" in made.stderr
