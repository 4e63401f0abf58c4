"""What an import finds amiss with the video files; the manifest is made from the rest."""

from typing import Literal

from rocot.core.record import Record

Kind = Literal["missing", "ambiguous", "corrupt", "other length", "outside", "unusable name", "extra"]
"""In the order of a table.

missing: annotated, and no file; ambiguous: several files of one name that differ; corrupt: no reader opens it; other
length: not what the annotation says; outside: a link that leads out of the folder; unusable name: no store can hold
it; extra: a file that no annotation names.
"""


class Finding(Record):
    """One thing amiss with one video."""

    kind: Kind
    video: str
    """The file, relative to the folder of videos; as the annotations name it where there is none."""
    detail: str
