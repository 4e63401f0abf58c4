"""OpenAI's files and batches on loopback, and its chat completions beside them, with the same answers.

    python -m tests.servers.batches --port 8098 --looks 3

Faithful to the documented API in what a client can see: multipart uploads with a purpose, validation of the whole file
before anything is asked, statuses one after another, counts, one file of answers and one of errors with their lines in
any order, listing newest first by pages, metadata and its bounds. A look at a batch takes it one step further, so that
no test waits for a clock.
"""

import argparse
import asyncio
import hashlib
import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from random import Random
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from rocot.core.record import Json
from tests.servers.loop import Connection, Listening, serve
from tests.servers.replies import FAULTS, error, http, scripted

GOING = ("validating", "in_progress", "finalizing")
OVER = ("completed", "failed", "expired", "cancelled")
MOST_CALLS = 50_000
MOST_BYTES = 200_000_000


@dataclass
class Batch:
    """A batch as the service has it."""

    id: str
    told: dict[str, Any]
    """The object that is handed out."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    ending: str = "completed"


class Asked(NamedTuple):
    """A line of a batch's input."""

    call: str
    """Its custom_id."""
    body: Mapping[str, Any]
    times: int
    """How often it has been in a batch so far, this one among them."""


class BatchServer(Listening):
    """Serves until it is closed; `async with BatchServer() as server` listens on a free port."""

    def __init__(
        self,
        *,
        looks: int = 2,
        endings: Mapping[int, str] | None = None,
        spoil: Callable[[Asked], str | bytes | None] = lambda _: None,
        room: int | None = None,
        batches: bool = True,
    ) -> None:
        """A batch is over after so many looks; `endings` says how the nth one ends where that is not `completed`.

        `spoil` says what befalls a call: it gets a response of its own, or the fault of the chat server of that name,
        or it is `expired`, `missing` (in neither file) or `garbled`. `room` is the most calls that are in batches at
        once, as OpenAI bounds their tokens. Without `batches` it has none, as most servers.
        """
        super().__init__()
        self.looks, self.endings, self.spoil, self.room = looks, dict(endings or {}), spoil, room
        self.offers = batches
        self.faults: defaultdict[str, deque[str]] = defaultdict(deque)
        """By route, as in `POST /batches`: what its next requests meet. A fault of the chat server; `lost`: all is done
        and the answer does not arrive; `cut`: half of it arrives; `short`: its first line, as if that were all;
        `endless`: 30 MB of other lines behind it; `close`: nothing is done; `hang`; empty for none."""
        self.events: Callable[[str], None] = lambda _: None
        """Told of each request, `before POST /files`, and once it is done and unanswered, `after POST /files`."""
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self.asked: Counter[str] = Counter()
        """How often each custom_id was in a batch that was begun."""
        self.answered: Counter[str] = Counter()
        """How often each call was answered and so billed, by batch or live, by the sha256 of its body."""
        self.live = 0
        """Calls that were made one by one."""
        self.routes: Counter[str] = Counter()
        self.looked = asyncio.Event()
        """Set once somebody has looked at a batch."""
        self.heads: deque[str] = deque(maxlen=64)
        self.limits = (MOST_CALLS, MOST_BYTES)
        self.going = GOING
        """The statuses of a batch by the number of looks at it, the last one for all further ones."""

    def answer(self, connection: Connection, head: bytes, body: bytes) -> None:
        """One request: its response, or what befalls it."""
        plain = head.decode("latin-1")
        self.heads.append(plain)
        method, target, _ = plain.split(" ", 2)
        headers = dict(line.lower().split(": ", 1) for line in plain.split("\r\n")[1:] if ": " in line)
        parts = urlsplit(target)
        path = parts.path.removeprefix("/v1")
        route = f"{method} {_route(path)}"
        self.routes[route] += 1
        self.events(f"before {route}")
        fault = self.faults[route].popleft() if self.faults[route] else None
        if fault == "hang":
            return
        if fault == "close":
            connection.transport.close()
            return
        if fault in FAULTS:
            connection.transport.write(FAULTS[str(fault)])
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        response = self._answer(route, path, query, headers, body)
        self.events(f"after {route}")
        _, _, content = response.partition(b"\r\n\r\n")
        if fault in ("short", "endless"):
            lines = content.splitlines(keepends=True)
            response = http(200, lines[0] if fault == "short" else content + (b"x" * 999 + b"\n") * 30_000)
        if fault in ("lost", "cut"):
            connection.transport.write(response[: len(response) // 2] if fault == "cut" else b"")
            connection.transport.close()
            return
        connection.transport.write(response)

    def _answer(
        self, route: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> bytes:
        if route == "POST /chat/completions":
            self.live += 1
            return self._chatted(json.loads(body))
        routes: Mapping[str, Callable[[], bytes]] = {
            "POST /files": lambda: self._uploaded(headers["content-type"], body),
            "GET /files/ID/content": lambda: self._content(path.split("/")[2]),
            "POST /batches": lambda: self._begun(json.loads(body)),
            "GET /batches": lambda: self._listed(int(query.get("limit", "20")), query.get("after")),
            "GET /batches/ID": lambda: self._looked_at(path.split("/")[2]),
            "POST /batches/ID/cancel": lambda: self._cancelled(path.split("/")[2]),
        }
        if not self.offers or route not in routes:
            return http(404, b'{"detail":"Not Found"}')
        return routes[route]()

    def _chatted(self, call: dict[str, Any]) -> bytes:
        self.answered[_key(call)] += 1
        return http(200, scripted(json.dumps(call).encode(), _key(call)))

    def _content(self, name: str) -> bytes:
        found = self.files.get(name)
        return http(404, error("No such File object")) if found is None else http(200, found)

    def _looked_at(self, name: str) -> bytes:
        batch = self.batches.get(name)
        if batch is None:
            return http(404, error("No batch found with that id"))
        self._step(batch)
        self.looked.set()
        return http(200, json.dumps(batch.told).encode())

    def _cancelled(self, name: str) -> bytes:
        batch = self.batches[name]
        batch.ending, batch.told["status"] = "cancelled", "cancelling"
        return http(200, json.dumps(batch.told).encode())

    def _uploaded(self, kind: str, body: bytes) -> bytes:
        form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        if parts["purpose"].get_content().strip() != "batch":
            return http(400, error("purpose must be one of batch, fine-tune", param="purpose"))
        file = parts["file"]
        content = file.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = f"file-{len(self.files)}"
        self.files[name] = content
        told = {"id": name, "object": "file", "bytes": len(content), "purpose": "batch", "status": "processed"}
        return http(200, json.dumps({**told, "created_at": 1, "filename": file.get_filename()}).encode())

    def _begun(self, asked: dict[str, Any]) -> bytes:
        metadata = asked.get("metadata") or {}
        if len(metadata) > 16 or any(len(key) > 64 or len(value) > 512 for key, value in metadata.items()):
            return http(400, error("metadata is too large", param="metadata"))
        if asked["completion_window"] != "24h":
            return http(400, error("completion_window must be 24h", param="completion_window"))
        if asked["input_file_id"] not in self.files:
            return http(404, error(f"No such File object: {asked['input_file_id']}"))
        number = len(self.batches)
        told: dict[str, Any] = {
            "id": f"batch_{number}",
            "object": "batch",
            "endpoint": asked["endpoint"],
            "errors": None,
            "input_file_id": asked["input_file_id"],
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": 1_700_000_000 + number,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": metadata,
        }
        batch = Batch(told["id"], told, ending=self.endings.get(number, "completed"))
        self.batches[batch.id] = batch
        return http(200, json.dumps(told).encode())

    def _listed(self, limit: int, after: str | None) -> bytes:
        newest = list(reversed(self.batches.values()))
        ids = [batch.id for batch in newest]
        start = ids.index(after) + 1 if after in ids else 0
        page = [batch.told for batch in newest[start : start + min(limit, 100)]]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
        told = {"object": "list", "data": page, "has_more": start + len(page) < len(newest), **ends}
        return http(200, json.dumps(told).encode())

    def _step(self, batch: Batch) -> None:
        """What a batch has come to by the next look."""
        told = batch.told
        if told["status"] in OVER:
            return
        if told["status"] == "validating":
            faults = self._faults(batch)
            if faults:
                told["status"], told["errors"] = "failed", {"object": "list", "data": faults}
                return
            told["request_counts"]["total"] = len(batch.lines)
            self.asked.update(line["custom_id"] for line in batch.lines)
        batch.looks += 1
        if batch.looks < self.looks:
            if told["status"] != "cancelling":
                told["status"] = self.going[min(batch.looks, len(self.going) - 1)]
            told["request_counts"]["completed"] = len(batch.lines) * batch.looks // self.looks
        else:
            self._finish(batch)

    def _faults(self, batch: Batch) -> list[Json]:
        """What is wrong with the input, as the service finds before it asks anything."""
        content = self.files[batch.told["input_file_id"]]
        faults: list[Json] = []

        def fault(code: str, line: int | None, message: str) -> None:
            faults.append({"code": code, "line": line, "message": message, "param": None})

        lines = content.splitlines()
        if not lines or len(lines) > self.limits[0] or len(content) > self.limits[1]:
            fault("invalid_file", None, f"{len(lines)} requests in {len(content)} bytes")
        seen: set[str] = set()
        models: set[str] = set()
        for number, raw in enumerate(lines, 1):
            try:
                line = json.loads(raw)
                batch.lines.append(line)
                models.add(line["body"]["model"])
                if line["custom_id"] in seen:
                    fault("duplicate_custom_id", number, f"The custom_id {line['custom_id']} is used twice")
                seen.add(line["custom_id"])
                if (line["method"], line["url"]) != ("POST", batch.told["endpoint"]):
                    fault("mismatched_endpoint", number, "The URL does not match the batch's endpoint")
            except (ValueError, KeyError, TypeError):
                fault("invalid_json_line", number, "This line is not parseable as valid JSON")
        if len(models) > 1:
            fault("mismatched_model", None, "All requests of a batch must be to one model")
        if batch.ending == "failed" and not faults:
            fault("model_not_found", 1, "The provided model is not supported by the Batch API")
        going = [one for one in self.batches.values() if one.told["status"] in ("in_progress", "finalizing")]
        if self.room is not None and not faults and len(lines) + sum(len(one.lines) for one in going) > self.room:
            fault("token_limit_exceeded", None, "Enqueued token limit reached. Please try again once some have ended.")
        return faults

    def _finish(self, batch: Batch) -> None:
        """Answers, each call on its own, and writes the two files."""
        good: list[bytes] = []
        bad: list[bytes] = []
        dice = Random(batch.id)
        cut = len(batch.lines) // 2 if batch.ending in ("expired", "cancelled") else len(batch.lines)
        for number, line in enumerate(dice.sample(batch.lines, len(batch.lines))):
            name = line["custom_id"]
            key = _key(line["body"])
            fault = (
                f"batch_{batch.ending}" if number >= cut else self.spoil(Asked(name, line["body"], self.asked[name]))
            )
            told: dict[str, Any] = {"id": f"batch_req_{number}", "custom_id": name, "response": None, "error": None}
            if fault == "missing":
                continue
            if fault in ("expired", "batch_expired", "batch_cancelled"):
                code = "batch_expired" if fault == "expired" else fault
                told["error"] = {"code": code, "message": "This request was not executed in time."}
                bad.append(json.dumps(told).encode())
                continue
            if fault == "garbled":
                self.answered[key] += 1
                good.append(b'{"custom_id": "' + name.encode())
                continue
            whole = fault if isinstance(fault, bytes) else FAULTS.get(fault or "")
            whole = whole or http(200, scripted(json.dumps(line["body"]).encode(), key))
            head, _, body = whole.partition(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            told["response"] = {"status_code": status, "request_id": f"req_{name[:8]}", "body": json.loads(body)}
            self.answered[key] += status == 200
            (good if status == 200 else bad).append(json.dumps(told).encode())
        for kind, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                batch.told[kind] = f"file-{len(self.files)}"
                self.files[batch.told[kind]] = b"".join(line + b"\n" for line in lines)
        batch.told["request_counts"].update(completed=len(good), failed=len(batch.lines) - len(good))
        batch.told[f"{batch.ending}_at"] = batch.told["created_at"] + 60 * batch.looks
        batch.told["status"] = batch.ending


def _key(call: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()


def _route(path: str) -> str:
    """A path with `ID` for what names one thing."""
    parts = path.split("/")
    return "/".join("ID" if index == 2 and parts[1] != "chat" else part for index, part in enumerate(parts))


def main() -> None:
    """Runs it by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--looks", type=int, default=2, help="at a batch, until it is over")
    parser.add_argument("--room", type=int, help="calls in batches at once")
    given = parser.parse_args()
    try:
        asyncio.run(serve(BatchServer(looks=given.looks, room=given.room), given.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
