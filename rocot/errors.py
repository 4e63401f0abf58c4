"""Every error that rocot raises on purpose.

    RocotError
    ├── RunError              stops the run; the message says what to do
    │   ├── ConfigError       a recipe, manifest, option or input list that cannot be used
    │   ├── StoreError        the run store cannot be opened, read or written
    │   ├── ServiceError      the teacher's service is down or will refuse every call (key, model, credit)
    │   ├── HubError          the Hub is down, refuses, or holds something else than it should
    │   ├── StorageError      so with shared storage at a URL
    │   │   └── BackupError   so while a run is kept there; nothing is wrong with the run
    │   └── BudgetError       a ceiling that the user set is reached
    └── ItemError             spoils one sample; it is recorded, counted, and the run goes on
        ├── VideoError        the video cannot give the frames that were asked
        ├── TeacherError      the teacher gave no usable reply
        └── ReplyError        the reply came, and does not parse

Anything else is a bug: it keeps its traceback and stops the run.
"""

from collections.abc import Sequence


class RocotError(Exception):
    """Base of all errors that rocot raises on purpose; its text is meant for people."""


class RunError(RocotError):
    """Stops the run."""


class ConfigError(RunError):
    """A recipe, manifest, option or input list that cannot be used."""

    @classmethod
    def listing(cls, where: str, faults: Sequence[str]) -> "ConfigError":
        """All faults of one file at once, one line each."""
        things = "1 thing" if len(faults) == 1 else f"{len(faults)} things"
        return cls("\n".join([f"{where}: {things} to fix", *(f"  {fault}" for fault in faults)]))


class StoreError(RunError):
    """The run store cannot be opened, read or written."""


class ServiceError(RunError):
    """The teacher's service is down, or will refuse every call."""


class HubError(RunError):
    """The Hub is down, refuses, or holds something else than it should."""


class StorageError(RunError):
    """Shared storage at a URL is down, refuses, or holds something else than it should."""


class BackupError(StorageError):
    """A run could not be kept at its URL: its store is whole where it is, and later the same command may succeed."""


class BudgetError(RunError):
    """A ceiling that the user set is reached."""


class ItemError(RocotError):
    """Spoils one sample. `reason` is a short name to count by; `passing` says that asking again later may succeed."""

    def __init__(self, reason: str, detail: str, *, passing: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.passing = passing


class VideoError(ItemError):
    """The video cannot give the frames that were asked."""


class TeacherError(ItemError):
    """The teacher gave no usable reply."""


class ReplyError(ItemError):
    """The reply came, and does not parse."""
