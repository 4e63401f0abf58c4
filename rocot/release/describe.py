"""The columns of a row as a Markdown table, from the model and the words under its fields.

`python -m rocot.release.describe docs/rows.md` writes it between the markers of a file.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

from rocot.arrow import plain
from rocot.core.record import Record
from rocot.core.row import Row

START, END = "<!-- columns -->\n", "<!-- end of columns -->\n"
"""What the table stands between."""


def columns_table() -> str:
    """The table: a line for each column, and for each field of a nested one."""
    lines = ["| column | type | meaning |", "|---|---|---|", *_lines(Row, "", {})]
    return "\n".join(lines) + "\n"


def described(text: str) -> str:
    """The text with the table as it is now between its markers. Raises ValueError where it has none."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"wanted the lines {START.strip()} and {END.strip()}")
    return f"{before}{START}{columns_table()}{END}{after}"


def _lines(kind: type[Record], path: str, told: dict[object, str]) -> Iterator[str]:
    """`told` holds the nested records that were described before, and where."""
    for name, info in kind.model_fields.items():
        inner, optional = plain(info.annotation)
        element = get_args(inner)[0] if get_origin(inner) is tuple else None
        nested = element if element is not None else inner
        where = f"{path}{name}"
        spelt = _spelt(inner) + (" or null" if optional else "")
        meaning = _docs(kind).get(name, "")
        if isinstance(nested, type) and issubclass(nested, Record):
            again = told.get(nested)
            yield f"| `{where}` | {spelt} | {meaning}{f' Fields as in `{again}`.' if again else ''} |"
            if again is None:
                told[nested] = where
                yield from _lines(nested, f"{where}[]." if element is not None else f"{where}.", told)
        else:
            yield f"| `{where}` | {spelt} | {meaning} |"


def _spelt(annotation: object) -> str:
    if get_origin(annotation) is tuple:
        return f"list of {_spelt(get_args(annotation)[0])}"
    if get_origin(annotation) is Literal:
        return "string"
    assert isinstance(annotation, type)
    return {str: "string", int: "int64", float: "float64", bool: "bool"}.get(annotation, "struct")


@cache
def _docs(kind: type[Record]) -> dict[str, str]:
    """The words under each field of a class."""
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
