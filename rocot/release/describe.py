"""The columns of rows as Markdown tables, from the models and the words under their fields.

`python -m rocot.release.describe docs/rows.md` writes them between the markers of a file.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from rocot.arrow import plain
from rocot.core.record import NUMBERED, Record
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow, Trained
from rocot.release.controls import ControlRow

TABLES: dict[str, tuple[type[Record], type[Record]]] = {
    "": (Row, Record),
    " of training": (Trained, Record),
    " of sft": (SftRow, Trained),
    " of rft": (RftRow, Trained),
    " of controls": (ControlRow, Trained),
}
"""What stands behind `columns` in the marker of a table: whose columns it tells, and whose it leaves out."""
_PLACE = re.compile(r"<!-- columns(?P<name>[ \w]*) -->\n(?P<table>.*?)<!-- end of columns -->\n", re.DOTALL)


def columns_table(kind: type[Record], base: type[Record] = Record) -> str:
    """The table: a line for each column that `base` has not, and for each field of a nested one."""
    lines = ["| column | type | meaning |", "|---|---|---|", *_lines(kind, "", {}, set(base.model_fields))]
    return "\n".join(lines) + "\n"


def described(text: str) -> str:
    """The text with each table as it is now between its markers. Raises ValueError where one has none."""
    found = [place["name"] for place in _PLACE.finditer(text)]
    if found != list(TABLES):
        wanted = ", ".join(f"<!-- columns{name} -->" for name in TABLES)
        raise ValueError(f"wanted, each ended by <!-- end of columns -->: {wanted}; found {len(found)} of them")
    return _PLACE.sub(
        lambda place: (
            f"<!-- columns{place['name']} -->\n{columns_table(*TABLES[place['name']])}<!-- end of columns -->\n"
        ),
        text,
    )


def _lines(kind: type[Record], path: str, told: dict[object, str], without: set[str]) -> Iterator[str]:
    """`told` holds the nested records that were described before, and where."""
    for name, info in kind.model_fields.items():
        if name in without:
            continue
        inner, optional = plain(info.annotation)
        element = get_args(inner)[0] if get_origin(inner) is tuple else None
        nested = element if element is not None else inner
        where = f"{path}{name}"
        spelt = _numbered(info) or _spelt(inner) + (" or null" if optional else "")
        meaning = words_of(kind).get(name, "")
        if isinstance(nested, type) and issubclass(nested, Record):
            again = told.get(nested)
            yield f"| `{where}` | {spelt} | {meaning}{f' Fields as in `{again}`.' if again else ''} |"
            if again is None:
                told[nested] = where
                yield from _lines(nested, f"{where}[]." if element is not None else f"{where}.", told, set())
        else:
            yield f"| `{where}` | {spelt} | {meaning} |"


def _numbered(info: FieldInfo) -> str | None:
    if NUMBERED not in info.metadata:
        return None
    names = get_args(info.annotation)
    return "ClassLabel (int64): " + ", ".join(f"{number} `{name}`" for number, name in enumerate(names))


def _spelt(annotation: object) -> str:
    if get_origin(annotation) is tuple:
        return f"list of {_spelt(get_args(annotation)[0])}"
    if get_origin(annotation) is Literal:
        return "string"
    assert isinstance(annotation, type)
    return {str: "string", int: "int64", float: "float64", bool: "bool"}.get(annotation, "struct")


@cache
def words_of(kind: type[Record]) -> dict[str, str]:
    """The words under each field of a class, those of its bases among them, each on one line."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, Record):
            docs |= _own_words(base)
    return docs


def _own_words(kind: type[Record]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    assert isinstance(tree.body[0], ast.ClassDef)
    docs: dict[str, str] = {}
    for field, after in zip(tree.body[0].body, tree.body[0].body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            words = ast.literal_eval(after.value)
            docs[field.target.id] = " ".join(str(words).split()).replace("|", "\\|")
    return docs


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(described(page.read_text(encoding="utf-8")), encoding="utf-8")
