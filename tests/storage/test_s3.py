"""Against an object store on loopback: a part is killed, its store restored on another machine, and finished."""

import asyncio
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rocot.errors import StorageError
from rocot.storage.backup import newest
from rocot.storage.place import Place
from tests.cli.bench import Bench
from tests.launch.bench import CSV, FILMS, digests
from tests.servers.chat import ChatServer

moto = pytest.importorskip("moto.server", reason="needs moto and s3fs")
pytest.importorskip("s3fs")
BUCKET = "lab"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Keys and address as S3's own tools take them, in this process too; the bucket is there."""
    variables = {
        "AWS_ACCESS_KEY_ID": "canary-key",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    import s3fs  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415

    files = s3fs.S3FileSystem(skip_instance_cache=True)
    if not files.exists(BUCKET):
        files.mkdir(BUCKET)
    return variables


async def started(bench: Bench, aws: dict[str, str], *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *bench.command, *words, cwd=bench.folder, env=bench.environment | aws, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )


async def ran(bench: Bench, aws: dict[str, str], *words: str) -> str:
    process = await started(bench, aws, *words)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return (out + err).decode()


async def kept(place: Place, calls: int) -> int:
    """Waits for a backup that holds so many calls; how many it holds."""
    while True:
        saved = await asyncio.to_thread(newest, place)
        if saved is not None and saved.history.attempts >= calls:
            return saved.history.attempts
        await asyncio.sleep(0.05)


def part(server: ChatServer, number: int) -> Sequence[str]:
    own = ("--part", f"{number}/2", "--run", "disk/run", "--backup", f"s3://{BUCKET}/own/part-{number}-of-2")
    return ("generate", "--recipe", "own.toml", "--base-url", server.base_url, "--workers", "1", *own)


@pytest.mark.timeout(300)
async def test_a_part_that_was_killed_is_finished_on_another_machine(tmp_path: Path, aws: dict[str, str]) -> None:
    bench = Bench(tmp_path, tmp_path / "cache")
    bench.lay(model="openai:m", length=0.5, csv=CSV, films=FILMS)
    async with ChatServer() as server:
        await ran(bench, aws, "generate", "--recipe", "own.toml", "--base-url", server.base_url, "--run", "one")
    async with ChatServer(latency=0.2) as server:
        killed = await started(bench, aws, *part(server, 1), "--backup-every", "0.005")
        held = await kept(Place(f"s3://{BUCKET}/own/part-1-of-2"), 2)
        killed.send_signal(signal.SIGKILL)
        await killed.communicate()
        done = server.counts.total()
        shutil.rmtree(tmp_path / "disk")
        server.latency = 0
        told = await ran(bench, aws, *part(server, 1))
        assert "run-part-1-of-2: restored (from s3://lab/own/part-1-of-2, number" in told
        assert server.repeated <= done - held, "what was kept is not asked again"
        await ran(bench, aws, *part(server, 2))
    told = await ran(
        bench, aws, "launch", "finish", "--parts", "2", "--backup", f"s3://{BUCKET}/own", "--run", "else/run"
    )
    assert "holds this release" in told
    await ran(bench, aws, "pull", f"s3://{BUCKET}/own/release", "--to", "pulled")
    assert digests(tmp_path / "pulled") == digests(tmp_path / "else" / "run" / "release")
    assert digests(tmp_path / "pulled") == digests(tmp_path / "one" / "release")
    assert not told_of(tmp_path, b"canary"), "no key is in any file"


@pytest.mark.timeout(300)
async def test_videos_in_a_bucket_make_the_same_release(tmp_path: Path, aws: dict[str, str]) -> None:
    bench = Bench(tmp_path, tmp_path / "cache")
    bench.lay(length=0.5, csv=CSV, films=FILMS)
    await ran(bench, aws, "generate", "--recipe", "own.toml", "--run", "one")
    for film in (tmp_path / "videos").iterdir():
        await asyncio.to_thread(Place(f"s3://{BUCKET}/films/day 1").send, film, film.name)
    recipe = (tmp_path / "own.toml").read_text().replace('"videos"', f'"s3://{BUCKET}/films/day 1"')
    (tmp_path / "far.toml").write_text(recipe)
    shutil.rmtree(tmp_path / "videos")
    shutil.rmtree(tmp_path / "cache")
    for number in (1, 2):
        part = await ran(bench, aws, "generate", "--recipe", "far.toml", "--run", "far", "--part", f"{number}/2")
        assert "failed" not in part
        come = {path.name for path in (tmp_path / "cache/videos").rglob("*.mp4")}
        assert (come < {"a.mp4", "b.mp4", "c.mp4"}) == (number == 1), "a part brings its own alone"
    await ran(bench, aws, "merge", "far-part-1-of-2", "far-part-2-of-2", "--out", "far")
    await ran(bench, aws, "export", "far")
    assert digests(tmp_path / "far" / "release") == digests(tmp_path / "one" / "release")
    shutil.rmtree(tmp_path / "cache")
    await ran(bench, aws, "hydrate", "far")  # it exits with 1 where a row lacks its frames
    assert list((tmp_path / "cache/videos").rglob("*.mp4"))
    assert not told_of(tmp_path, b"canary"), "no key is in any file"


def told_of(folder: Path, text: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


@pytest.mark.usefixtures("aws")
def test_a_bucket_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StorageError, match=r"s3://nowhere/x: not found .*name of the bucket"):
        Place("s3://nowhere/x", lambda _: None).send(tmp_path / "file", "a")
    with pytest.raises(StorageError, match="not found"):
        Place("s3://nowhere/x", lambda _: None).check()
