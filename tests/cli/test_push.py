import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.release.hub import Hub
from tests.cli.bench import Bench
from tests.contracts.hub import HubContract
from tests.release.pushing import NAME, laid, whole
from tests.servers.hub import HubServer
from tests.servers.hub_repo import Blob

CANARY = "hf_canary0123456789"
NAMESPACE = "ROCOT_TEST_NAMESPACE"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("releases")
    return {"0.1.0": laid(root / "first", "0.1.0"), "0.2.0": laid(root / "the second", "0.2.0", ("train", "test"))}


def leading_to(server: HubServer, home: Path, token: str = CANARY) -> dict[str, str]:
    server.tokens[token] = "tester"
    return {"HF_ENDPOINT": server.url, "HF_TOKEN": token, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}


class TestLoopbackXet(HubContract):
    @pytest.fixture
    def variables(self, tmp_path: Path) -> Iterator[Mapping[str, str]]:
        with HubServer(Path(os.path.relpath(tmp_path / "cas"))) as server:  # clients work elsewhere
            yield {**leading_to(server, tmp_path / "hf"), "HF_HUB_DISABLE_XET": "0"}
            assert server.repos[NAME].private
            assert server.storage is not None
            assert server.puts.total() == 0

    @pytest.fixture
    def name(self) -> str:
        return NAME


@pytest.mark.slow
class TestLoopbackLfs(HubContract):
    @pytest.fixture
    def variables(self, tmp_path: Path) -> Iterator[Mapping[str, str]]:
        with HubServer() as server:
            yield leading_to(server, tmp_path / "hf")
            assert set(server.puts.values()) == {1}

    @pytest.fixture
    def name(self) -> str:
        return NAME


@pytest.mark.slow
@pytest.mark.skipif(not (os.environ.get("HF_TOKEN") and os.environ.get(NAMESPACE)), reason=f"HF_TOKEN, {NAMESPACE}")
class TestRealHub(HubContract):
    """Its processes are other ones than this, whose network ends at loopback."""

    @pytest.fixture
    def variables(self, tmp_path: Path) -> Mapping[str, str]:
        return {"HF_TOKEN": os.environ["HF_TOKEN"], "HF_HOME": str(tmp_path / "hf")}

    @pytest.fixture
    def name(self) -> Iterator[str]:
        made = f"{os.environ[NAMESPACE]}/rocot-test-{secrets.token_hex(4)}"
        yield made
        code = f"import huggingface_hub; huggingface_hub.delete_repo({made!r}, repo_type='dataset')"
        subprocess.run([sys.executable, "-c", code], check=True)


def test_a_dry_run_tells_all_and_writes_nothing_and_nothing_tells_the_token(
    bench: Bench, releases: Mapping[str, Path], tmp_path: Path
) -> None:
    with HubServer() as server:
        bench = Bench(bench.folder, bench.cache, leading_to(server, tmp_path / "hf"))
        run = str(releases["0.1.0"])
        dry = bench.rocot("push", NAME, run, "--dry-run")
        assert dry.returncode == 0, dry.stderr
        assert "a new dataset, private" in dry.stdout
        assert "Nothing was changed" in dry.stdout
        assert (server.writes, server.repos) == ([], {})
        server.faults["POST commit"].extend(["503", "lost"])
        server.faults["PUT storage"].extend(["502"])
        done = bench.rocot("push", NAME, run)
        assert done.returncode == 0, done.stderr
        assert "commit to tester/scenes: the Hub answers with status 503" in done.stderr
        assert "X-Amz-Signature" not in done.stderr
        assert whole(server) == "0.1.0"
        refused = bench.rocot("push", NAME, str(releases["0.2.0"]), "--tag", "v0.1.0")
        assert refused.returncode == 2
        assert "raise release.version" in refused.stderr
        assert "Traceback" not in dry.stderr + done.stderr + refused.stderr
    for told in (dry, done, refused):
        assert CANARY not in told.stdout + told.stderr
    for written in (path for folder in (tmp_path, releases["0.1.0"]) for path in folder.rglob("*") if path.is_file()):
        assert CANARY.encode() not in written.read_bytes(), written
    for path, blob in server.repos[NAME].head.files.items():
        assert CANARY.encode() not in server.content(blob), path


@pytest.mark.parametrize("address", ["nonsense", "ftp://hub.example", "", "http://", "http://hub.example:port"])
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^HF_ENDPOINT: .* is no address of a Hub; want http:// or https://"):
        Hub(NAME, address)


def test_a_release_at_a_url_is_pulled_as_it_is_told_and_not_read_there(
    bench: Bench, releases: Mapping[str, Path]
) -> None:
    url = f"file://{bench.folder}/my place"
    done = bench.rocot("push", url, str(releases["0.1.0"]))
    assert done.returncode == 0, done.stderr
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("  rocot pull ")]
    assert bench.rocot(*shlex.split(command)[1:]).returncode == 0
    assert bench.rocot("verify", "tiny").returncode == 0
    refused = bench.rocot("verify", url)
    assert refused.returncode == 2
    folder = bench.folder / "my place"
    assert refused.stderr == f"rocot: {url}: a URL, where a folder is wanted; name the folder, {folder}\n"
    assert bench.rocot("verify", str(folder)).returncode == 0
    refused = bench.rocot("diff", "tiny", "s3://me:secret@bucket/tiny")
    assert "`rocot pull s3://...@bucket/tiny --to FOLDER` fetches a release, then name FOLDER" in refused.stderr
    assert (refused.returncode, "secret" in refused.stderr) == (2, False)


def test_without_a_token_it_says_how_to_log_in(bench: Bench, releases: Mapping[str, Path], tmp_path: Path) -> None:
    bench = Bench(bench.folder, bench.cache, {"HF_TOKEN": "", "HF_HOME": str(tmp_path / "hf")})
    done = bench.rocot("push", NAME, str(releases["0.1.0"]))
    assert done.returncode == 2
    assert done.stderr.startswith("rocot: no token for the Hub; `hf auth login`")


@pytest.mark.timeout(400)  # eight commands, one after another
def test_a_release_there_is_verified_and_compared_by_its_name(
    bench: Bench, releases: Mapping[str, Path], tmp_path: Path
) -> None:
    with HubServer() as server:
        bench = Bench(bench.folder, bench.cache, leading_to(server, tmp_path / "hf"))
        for version in ("0.1.0", "0.2.0"):
            done = bench.rocot("push", NAME, str(releases[version]))
            assert done.returncode == 0, done.stderr
        assert f"rocot diff {NAME}@v0.1.0 '{releases['0.2.0']}/release'" in done.stdout
        done = bench.rocot("verify", f"{NAME}@v0.1.0")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{NAME} at v0.1.0, commit ")
        assert done.stdout.strip().endswith("all as they were written")
        told = json.loads(bench.rocot("diff", f"{NAME}@v0.1.0", NAME, "--json").stdout)
        assert (told["before"]["path"], told["after"]["path"]) == (f"{NAME}@v0.1.0", f"{NAME}@main")
        assert (told["removed"]["count"], told["added"]["count"], told["part"]) == (6, 6, "major")
        done = bench.rocot("diff", f"{NAME}@v0.1.0", str(releases["0.1.0"]))
        assert "Nothing changed: the version may stay." in done.stdout, done.stderr
        path = "data/train-00000-of-00001.parquet"
        content = server.read(NAME, path)[:-1] + b"x"
        server.repos[NAME].commit({path: Blob(len(content), content)}, (), "spoil", "alice")
        done = bench.rocot("verify", NAME)
        assert (done.returncode, f"damaged: {path}: has other bytes" in done.stdout) == (1, True)
        server.seen.clear()
        (bench.folder / "tester").mkdir()
        done = bench.rocot("verify", NAME)
        assert (done.returncode, server.seen) == (2, [])
        assert f"{NAME}: is not there" in done.stdout
