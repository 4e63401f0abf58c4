"""Headed text from a Python literal, as some datasets write a model's structured reasoning into a cell."""

import ast
import warnings

LONGEST = 100_000
"""Characters that are parsed. The longest such cell of VAU-Bench has 2,000."""


def headed(text: str) -> str | None:
    """`{'Place': 'a yard', 'Signs': ['a', 'b']}` as `### Place: a yard ### Signs: a; b`; None where it is no such dict.

    Nothing is evaluated but literals, and whatever holds more than text, lists and dicts of text is no such dict.
    """
    if len(text) > LONGEST or not text.startswith("{"):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # of a backslash before a letter, which is text like any other
            value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    if not isinstance(value, dict):
        return None
    told = [_headed(name, part) for name, part in value.items()]
    return " ".join(f"### {part}" for part in told) if told and all(told) else None


def _headed(name: object, part: object) -> str:
    """`name: part`; empty where one of them is no text."""
    words = _words(part)
    return f"{name}: {words}" if isinstance(name, str) and words else ""


def _words(part: object) -> str:
    if isinstance(part, str):
        return part
    parts: list[str] = []
    if isinstance(part, list):
        parts = [_words(one) for one in part]
    elif isinstance(part, dict):
        parts = [_headed(name, one) for name, one in part.items()]
    return "; ".join(parts) if all(parts) else ""
