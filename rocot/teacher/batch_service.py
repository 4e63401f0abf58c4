"""OpenAI's files and batches, as far as rocot needs them: upload, begin, find, look, download.

They go through the same door as the chat, `OpenAITeacher.request`, and not through the client's own files and batches:
so no redirect is followed, no body is longer than it may be, no key stands in what is kept, and every fault gets the
name that it has elsewhere. What may pass is tried again, by the patience of all calls.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2

from rocot.core.record import Json
from rocot.errors import ServiceError, TeacherError
from rocot.teacher.batch_lines import PATH
from rocot.teacher.faults import fault_in
from rocot.teacher.openai import OpenAITeacher, Sent
from rocot.teacher.patience import PATIENCE, Charge, Patience
from rocot.teacher.protocol import Raw

T = TypeVar("T")
TAG = "rocot"
"""The name in a batch's metadata under which its tag stands."""
PAGE = 100
"""Batches in one answer when they are listed: as many as OpenAI gives."""
MOST_PAGES = 10_000
"""That are looked through for one batch; the newest come first."""
_NAME = re.compile(r"(?!\.+$)[!-~]{1,1000}")
"""What a service may call its files and batches, as the name becomes a part of an address."""
MOST_LINE = 16_000_000
"""Bytes of a line of an output file: twice a reply's, as all that is no ASCII may be escaped."""
MOST_A_CALL = 1_000_000
"""Bytes of an output file for each of its calls, on the average: a reply of 1,024 tokens takes 5 kB."""
TRANSFER_SECONDS = 3 * 3600.0
"""For one file, at most; and never so long without a byte as a call's deadline."""
GOING = ("validating", "in_progress", "finalizing", "cancelling")
"""A batch's statuses on its way."""
LONGEST = 30 * 86400.0
"""Seconds that a batch may say it took: services keep none for longer."""
OVER = ("completed", "failed", "expired", "cancelled")
"""What a batch's status ends with."""
UNKNOWN = (404, 405)
"""Statuses that say that something is not there."""


@dataclass(frozen=True)
class Report:
    """What the service says of a batch."""

    name: str
    status: str
    tag: str = ""
    output: str = ""
    """The file of its answers, where there is one."""
    errors: str = ""
    """The file of the calls that failed."""
    completed: int = 0
    failed: int = 0
    total: int = 0
    seconds: float = 0.0
    """From its submission to its end, by the service's clock; 0 where it does not say."""
    faults: tuple[tuple[str, str], ...] = ()
    """Why it was not begun: code and message."""

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in OVER

    @property
    def unknown(self) -> bool:
        """Whether its status means nothing to rocot: it is taken for a batch that goes on."""
        return self.status not in (*GOING, *OVER)


class GoneError(TeacherError):
    """The service does not know what was asked for."""


class BatchService:
    """One address and key."""

    def __init__(
        self,
        teacher: OpenAITeacher,
        *,
        deadline: float = 300.0,
        patience: Patience = PATIENCE,
        halted: Callable[[], bool] = lambda: False,
    ) -> None:
        """`deadline` is the seconds for one request, and for a file's transfer the seconds without a byte."""
        self.teacher = teacher
        self.endpoint = teacher.endpoint
        self._deadline, self._patience, self._halted = deadline, patience, halted
        self._slow = httpx2.Timeout(deadline)

    async def offered(self) -> bool:
        """Whether the server has batches at all. Raises ServiceError, TeacherError."""
        try:
            await self._patiently(lambda: self._json("GET", "/batches", params={"limit": "1"}))
        except GoneError:
            return False
        return True

    async def upload(self, path: Path) -> str:
        """Brings a file of calls; returns the service's id of it. Raises ServiceError, TeacherError."""

        async def once() -> str:
            with path.open("rb") as file:
                sent = {"file": (path.name, file, "application/jsonl")}
                async with (
                    self._in_time(TRANSFER_SECONDS),
                    self.teacher.request(
                        "POST", "/files", data={"purpose": "batch"}, files=sent, timeout=self._slow
                    ) as response,
                ):
                    return _name_in(_parsed(await self.teacher.whole(response)))

        return await self._patiently(once)

    async def begin(self, file: str, tag: str, *, perhaps: bool) -> Report:
        """Has the service begin a batch. `perhaps` says that it may have been asked already, and nobody knows.

        Whenever that is so, it is first looked for by its tag. Raises ServiceError, TeacherError.
        """
        asked = perhaps
        body: dict[str, Json] = {"input_file_id": file, "endpoint": PATH, "completion_window": "24h"}
        body["metadata"] = {TAG: tag}

        async def once() -> Report:
            nonlocal asked
            if asked:
                found = await self._found(tag)
                if found is not None:
                    return found
            asked = True
            return _report(await self._json("POST", "/batches", json=body))

        return await self._patiently(once)

    async def look(self, name: str) -> Report:
        """What has become of a batch; one look. Raises ServiceError, TeacherError, GoneError."""
        return _report(await self._json("GET", f"/batches/{name}"))

    async def download(self, file: str, path: Path, calls: int) -> None:
        """Writes a file about so many calls to a path, whole or not at all.

        Raises ServiceError, TeacherError, GoneError.
        """
        if not _may_name(file):
            raise ServiceError(f"{self.endpoint} names a file of answers as nothing can be named ({file[:60]!a})")
        part = path.with_name(f"{path.name}.part")

        async def once() -> None:
            downloading = self.teacher.request("GET", f"/files/{file}/content", timeout=self._slow)
            async with self._in_time(TRANSFER_SECONDS), downloading as response:
                if response.status_code != 200:
                    _parsed(await self.teacher.whole(response))
                await self._written(response, part, MOST_LINE + calls * MOST_A_CALL)
            part.replace(path)

        await self._patiently(once)

    async def _written(self, response: httpx2.Response, part: Path, most: int) -> None:
        """Line by line, so that no key is written that a service may quote."""
        rest, room = b"", most
        with part.open("wb") as file:
            async for piece in response.aiter_bytes():
                *lines, rest = (rest + piece).split(b"\n")
                file.writelines(self.teacher.without_key(line) + b"\n" for line in lines)
                room -= len(piece)
                if len(rest) > MOST_LINE or room < 0:
                    raise TeacherError("too long", f"a file of answers of more than {most} bytes, or such a line")
            file.write(self.teacher.without_key(rest))

    async def _found(self, tag: str) -> Report | None:
        """The batch of a tag, among all that the key's project has."""
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = await self._json("GET", "/batches", params={"limit": str(PAGE), **after})
            listed = page.get("data")
            reports = [_report(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
            for report in reports:
                if report.tag == tag:
                    return report
            if page.get("has_more") is not True or not reports:
                return None
            further = {"after": reports[-1].name}
            if further == after:
                break
            after = further
        raise TeacherError("invalid json", "a list of batches that does not end", passing=True)

    async def _json(
        self, method: str, path: str, *, params: dict[str, str] | None = None, json: dict[str, Json] | None = None
    ) -> dict[str, Json]:
        async with self._in_time(self._deadline):
            sent: Sent = {}
            if params is not None:
                sent["params"] = params
            if json is not None:
                sent["json"] = json
            async with self.teacher.request(method, path, **sent) as response:
                return _parsed(await self.teacher.whole(response))

    @asynccontextmanager
    async def _in_time(self, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise TeacherError("timeout", f"{self.endpoint} took more than {seconds:g} s", passing=True) from error

    async def _patiently(self, once: Callable[[], Awaitable[T]]) -> T:
        """Tries again what may pass. Raises the last failure, and Cut once the run is ending."""
        charge = Charge()

        async def attempt() -> T:
            try:
                return await once()
            except TeacherError:
                charge.tries += 1
                raise

        result: T = await self._patience.retrying(charge, self._halted)(attempt)
        return result


def _parsed(raw: Raw) -> dict[str, Json]:
    """The JSON of a response. Raises what `fault_in` finds, GoneError, TeacherError (`invalid json`, passing)."""
    fault = fault_in(raw)
    if raw.status in UNKNOWN:
        raise GoneError("gone", str(fault))
    if isinstance(fault, TeacherError) and not fault.passing:
        raise ServiceError(f"the service of batches refuses what it is asked ({fault.detail})")
    if fault is not None:
        raise fault
    try:
        told = json.loads(raw.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise TeacherError("invalid json", f"{len(raw.body)} bytes that are no JSON object", passing=True)
    return told


def _report(told: dict[str, Json]) -> Report:
    """Raises TeacherError (`invalid json`, passing) for what has no id or status that could be one."""
    metadata, counts = _inner(told, "metadata"), _inner(told, "request_counts")
    listed = _inner(told, "errors").get("data")
    faults = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return Report(
        name=_name_in(told),
        status=_text(told, "status"),
        tag=str(metadata.get(TAG) or ""),
        output=str(told.get("output_file_id") or ""),
        errors=str(told.get("error_file_id") or ""),
        completed=_count(counts, "completed"),
        failed=_count(counts, "failed"),
        total=_count(counts, "total"),
        seconds=_seconds(told),
        faults=tuple((str(one.get("code") or ""), _told(one)) for one in faults),
    )


def _seconds(told: dict[str, Json]) -> float:
    begun = told.get("created_at")
    ended = next((at for status in OVER if (at := told.get(f"{status}_at")) is not None), None)
    if not isinstance(begun, int | float) or not isinstance(ended, int | float):
        return 0.0
    seconds = float(ended) - float(begun) if max(abs(begun), abs(ended)) < 2**53 else 0.0  # JSON has larger numbers
    return seconds if 0 < seconds < LONGEST else 0.0


def _told(fault: dict[str, Json]) -> str:
    line = f"line {fault['line']}: " if fault.get("line") is not None else ""
    return f"{line}{fault.get('message') or fault.get('code') or 'no message'}"[:300]


def _inner(told: dict[str, Json], name: str) -> dict[str, Json]:
    inner = told.get(name)
    return inner if isinstance(inner, dict) else {}


def _text(told: dict[str, Json], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise TeacherError("invalid json", f"a response without {name}", passing=True)
    return value


def _name_in(told: dict[str, Json]) -> str:
    name = _text(told, "id")
    if not _may_name(name):
        raise TeacherError("invalid json", f"an id that can be none ({name[:60]!a})", passing=True)
    return name


def _may_name(value: str) -> bool:
    return _NAME.fullmatch(value) is not None and not set(value) & set("/?#")


def _count(counts: dict[str, Json], name: str) -> int:
    value = counts.get(name)
    return value if type(value) is int and value >= 0 else 0
