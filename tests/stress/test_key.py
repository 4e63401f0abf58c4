from pathlib import Path

from tests.servers.chat import ChatServer
from tests.servers.replies import error, http
from tests.stress.killing import Bench

CANARY = "sk-canary-0123456789abcdef"


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_the_key_is_in_no_byte_of_what_a_run_leaves_or_says(tmp_path: Path) -> None:
    bench = Bench(tmp_path, clips=40, workers=2)
    quoted = error(f"Incorrect API key provided: {CANARY}", "invalid_api_key")
    said: list[bytes] = []
    for script, code in (([http(401, quoted)] * 2, 2), ([http(500, quoted), http(400, quoted)], 0)):
        async with ChatServer(script) as server:
            process = await bench.start(server, "run", ROCOT_API_KEY=CANARY, OPENAI_LOG="debug")
            output, _ = await process.communicate()
            said.append(output)
            assert process.returncode == code, output.decode()
            assert any(f"bearer {CANARY}".encode() in head.lower() for head in server.heads)
    files = contents(tmp_path)
    assert len(files) > 8
    assert b"[key]" in b"".join(files)  # the replies that quote it are there
    assert not [data for data in [*files, *said] if CANARY.encode() in data]
