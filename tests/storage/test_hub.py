"""Videos in a dataset of the Hub, by the real client from a stand-in on loopback."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.cli.bench import Bench
from tests.launch.bench import CSV, FILMS, digests
from tests.servers.hub import HubServer

TOKEN = "hf_canary0123456789"
NAME = "tester/films"
UPLOAD = f"""
from huggingface_hub import HfApi
HfApi().create_repo("{NAME}", repo_type="dataset")
HfApi().upload_folder(folder_path="videos", path_in_repo="day 1", repo_id="{NAME}", repo_type="dataset")
"""


def test_videos_on_the_hub_make_the_same_release(tmp_path: Path) -> None:
    with HubServer() as server:
        server.tokens[TOKEN] = "tester"
        variables = {"HF_ENDPOINT": server.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf")}
        bench = replace(Bench(tmp_path, tmp_path / "cache"), variables={**variables, "HF_HUB_DISABLE_XET": "1"})
        bench.lay(length=0.5, csv=CSV, films=FILMS)
        assert bench.rocot("generate", "--recipe", "own.toml", "--run", "one").returncode == 0
        subprocess.run([sys.executable, "-c", UPLOAD], cwd=tmp_path, env=bench.environment, check=True, timeout=90)
        recipe = (tmp_path / "own.toml").read_text().replace('"videos"', f'"hf://datasets/{NAME}/day 1"')
        (tmp_path / "far.toml").write_text(recipe)
        shutil.rmtree(tmp_path / "videos")
        shutil.rmtree(tmp_path / "cache")
        made = bench.rocot("generate", "--recipe", "far.toml", "--run", "far")
        assert made.returncode == 0, made.stderr
    assert digests(tmp_path / "far" / "release") == digests(tmp_path / "one" / "release")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
