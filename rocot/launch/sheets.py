"""Files of other systems, from templates beside this module: what is put in is quoted, or it is refused."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def filled(template: str, **values: object) -> str:
    """A template's text with the values in their places."""
    environment = Environment(  # noqa: S701  # no HTML: each value goes through a filter for its place
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"word": _word, "words": shlex.join, "scalar": _scalar, "plain": _plain}
    return environment.get_template(template).render(**values)


def _word(text: object) -> str:
    """One word of a shell."""
    return shlex.quote(str(text))


def _scalar(value: object) -> str:
    """A value of YAML, which JSON is. The words of a container keep their `$`: Kubernetes reads `$(NAME)` in them."""
    return json.dumps(_literal(value), ensure_ascii=False)


def _literal(value: object) -> object:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Iterable):
        return [_literal(one) for one in value]
    return value


def _plain(value: object) -> str:
    """A value of YAML that is no word of a container: a path, a name."""
    return json.dumps(value, ensure_ascii=False)
