"""A folder at a URL: s3://bucket/prefix, hf://buckets/..., gs://..., file:///folder, or a folder by its path.

Only whole files pass, each under a name of its own; whoever needs several files to belong together writes the one that
names them last. Credentials come from where each service's own tools look for them (AWS_ACCESS_KEY_ID, HF_TOKEN ...).
"""

import errno
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from rocot.errors import RocotError, StorageError
from rocot.url import has_password, scheme_of, spelt_as_path, without_password, without_scheme

T = TypeVar("T")

CHECKED = ".rocot"
"""A file of nothing, there for a moment."""
PAUSES = (1.0, 2.0, 4.0)
"""Seconds before each further try; clients try by themselves as well."""
PATIENT = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""The same where a run of days waits for it: two minutes in all."""
HERE = frozenset({"file", "memory"})
"""What does not get better by being asked again."""
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "hf", "memory"})
"""Which have no folders to make; some would make a bucket instead."""
EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Schemes whose client an extra of rocot brings."""
_FULL = "the disk is full, here or there", "make room, and run the same again"
_IN_THE_WAY = "a file lies where a folder is wanted", "name another folder"
_LASTING = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EROFS: ("only to be read", "name another folder, or have it mounted to be written"),
}
"""What a disk says that does not pass by itself, and what to do."""
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, ImportError, ValueError)


class PassingError(StorageError):
    """Asked again later it may succeed."""


class MissingError(StorageError):
    """It is not there."""


class _Files(Protocol):
    """What is used of fsspec's file systems."""

    def invalidate_cache(self) -> None: ...

    def ls(self, path: str, detail: bool) -> list[str]: ...

    def info(self, path: str) -> dict[str, object]: ...

    def find(self, path: str, *, detail: bool) -> dict[str, dict[str, object]]: ...

    def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes: ...

    def pipe_file(self, path: str, value: bytes) -> None: ...

    def put_file(self, lpath: str, rpath: str) -> None: ...

    def get_file(self, rpath: str, lpath: str) -> None: ...

    def rm_file(self, path: str) -> None: ...

    def makedirs(self, path: str, exist_ok: bool) -> None: ...


def is_url(text: str) -> bool:
    """Whether a text names a place by a URL and not by a path."""
    return scheme_of(text) != ""


class Place:
    """One folder. What goes wrong there is a StorageError that names it. Safe to use from several threads."""

    def __init__(self, url: str, sleep: Callable[[float], None] = time.sleep, pauses: Sequence[float] = PAUSES) -> None:
        """Reaches nothing yet. Raises StorageError for a URL that cannot be used; `sleep` waits between tries."""
        self._scheme = scheme_of(url) or "file"
        self._sleep, self._pauses = sleep, pauses
        if has_password(url):
            raise StorageError(
                f"{without_password(url)}: holds a password; keys come from the environment, so leave it out"
            )
        if ("://" in url and "::" in url.partition("://")[0]) or ("::" in url and self._scheme != "file"):
            raise StorageError(f"{url}: one address alone can be used, without ::")
        if self._scheme == "file":
            folder = without_scheme(url)
            if not folder.strip():
                raise StorageError(
                    f"the URL is empty (got {url!r}); want s3://..., hf://..., gs://..., file:///folder or a folder's"
                    " path, . for the current one"
                )
            meant = spelt_as_path(folder)
            if scheme_of(meant) in OBJECT_STORES:
                raise StorageError(f"{url}: one slash alone follows the colon; want {meant}")
            path = Path(folder).expanduser().absolute()
            if path == path.parent:
                raise StorageError(f"{url}: the root of the disk; name a folder of its own")
            url = f"file://{path}"
        elif not without_scheme(url).strip("/ "):
            raise StorageError(f"{url}: names no bucket; want {self._scheme}://bucket/folder")
        self.url = url.rstrip("/")
        with self._told():
            self._files, self._root = _reached(self._scheme, self.url)

    def __truediv__(self, name: str) -> "Place":
        """A folder within."""
        return Place(f"{self.url}/{name}", self._sleep, self._pauses)

    def __str__(self) -> str:
        return self.url

    def names(self) -> list[str]:
        """Of the files that lie there, sorted; none where there is no such folder."""

        def listed() -> list[str]:
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found)

        return self._tried(listed)

    def files(self) -> dict[str, int]:
        """Bytes of all files that lie there and below, by their paths from here (POSIX).

        None where there is no such folder. Raises StorageError where the service does not tell sizes.
        """

        def listed() -> Mapping[str, Mapping[str, object]]:
            self._files.invalidate_cache()
            try:
                return self._files.find(self._root, detail=True)
            except FileNotFoundError:
                return {}

        made: dict[str, int] = {}
        for path, about in self._tried(listed).items():
            size = about.get("size")
            if not isinstance(size, int):
                raise StorageError(f"{self.url}: the service tells no size of {path[-100:]}; copy or mount the folder")
            if path.startswith(f"{self._root}/"):
                made[path.removeprefix(f"{self._root}/")] = size
        return made

    def part(self, name: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of a file. Raises StorageError where it is not there."""
        return self._tried(lambda: self._files.cat_file(self._path(name), start=start, end=end))

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where it is not there."""

        def looked() -> int | None:
            self._files.invalidate_cache()
            try:
                size = self._files.info(self._path(name))["size"]
            except FileNotFoundError:
                return None
            return size if isinstance(size, int) else None

        return self._tried(looked)

    def read(self, name: str) -> bytes | None:
        """A small file; None where it is not there."""

        def taken() -> bytes | None:
            try:
                return self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None

        return self._tried(taken)

    def write(self, name: str, text: bytes) -> None:
        """Puts a small file there."""
        self._tried(lambda: self._files.pipe_file(self._made(name), text))

    def check(self) -> None:
        """Raises StorageError where nothing can be written: better now than when there is something to lose."""
        self.write(CHECKED, b"")
        self.remove(CHECKED)

    def send(self, file: Path, name: str) -> None:
        """Puts a file there, and looks whether all of it has arrived."""
        self._tried(lambda: self._files.put_file(str(file), self._made(name)))
        arrived, wanted = self.size(name), file.stat().st_size
        if arrived != wanted:
            raise StorageError(f"{self}/{name}: {arrived or 0:,} bytes have arrived of {wanted:,}; try again")

    def fetch(self, name: str, file: Path) -> None:
        """Writes a file that lies there to this machine's disk."""
        self._tried(lambda: self._files.get_file(self._path(name), str(file)))

    def remove(self, name: str) -> None:
        """Deletes a file, where it is there."""

        def removed() -> None:
            try:
                self._files.rm_file(self._path(name))
            except FileNotFoundError:
                return

        self._tried(removed)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _made(self, name: str) -> str:
        """A file's path, in a folder that is there."""
        path = self._path(name)
        if self._scheme not in OBJECT_STORES:
            self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        return path

    def _tried(self, do: Callable[[], T]) -> T:
        """Does it, and again where it may pass; a disk of this machine is asked once."""
        for pause in () if self._scheme in HERE else self._pauses:
            try:
                with self._told():
                    return do()
            except PassingError:
                self._sleep(pause)
        with self._told():
            return do()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raises StorageError for whatever the system or a service's client raises within; a bug stays one."""
        try:
            yield
        except Exception as error:
            if not _is_foreign(error):
                raise
            final = isinstance(error, _FINAL) or (isinstance(error, OSError) and error.errno in _LASTING)
            kind = MissingError if isinstance(error, FileNotFoundError) else StorageError if final else PassingError
            raise kind(f"{self.url}: {_said(error, self._scheme)}") from error


def _reached(scheme: str, url: str) -> tuple[_Files, str]:
    import fsspec

    if scheme == "file":
        return fsspec.filesystem("file"), url.removeprefix("file://")
    files, root = fsspec.core.url_to_fs(url)
    return files, root.rstrip("/")


def _is_foreign(error: Exception) -> bool:
    """Whether the system or a library says that something failed. All else is ours: an error told already, or a bug."""
    library = type(error).__module__ != "builtins" and not isinstance(error, RocotError)
    return library or isinstance(error, (OSError, ImportError, ValueError))


def _said(error: Exception, scheme: str) -> str:
    if isinstance(error, ImportError):
        extra = EXTRAS.get(scheme)
        package = "the package that fsspec names" if extra is None else f"pip install 'rocot[{extra}]'"
        return f"needs a client of {scheme}: {package} ({_brief(error)})"
    if isinstance(error, FileNotFoundError):
        return f"not found ({_brief(error)}); look at the name of the bucket or folder"
    if isinstance(error, OSError) and error.errno in _LASTING:
        what, then = _LASTING[error.errno]
        return f"{what} ({_brief(error)}); {then}"
    if isinstance(error, PermissionError):
        return f"permission denied ({_brief(error)}); look at the keys in the environment, and at what they allow"
    if isinstance(error, ValueError) and "not known" in str(error).lower():
        return f"fsspec knows no {scheme}://; want s3://, hf://, gs://, file:// or a folder"
    return f"cannot be reached ({_brief(error)}); try again, or look at keys, endpoint and network"


def _brief(error: Exception) -> str:
    """In one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__
