"""Whether a text names a place by a URL, as `s3://bucket/prefix` does, or by a path."""

import re

_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@")
_ONE_SLASH = re.compile(r"([a-z][a-z0-9+.-]*):/(?!/)(.+)", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


def scheme_of(text: str) -> str:
    """`s3` of `s3://bucket`, in lower case; empty for a path."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""


def without_scheme(text: str) -> str:
    """What follows `scheme://`; a path as it is."""
    return _SCHEME.sub("", text, count=1)


def has_password(text: str) -> bool:
    """Whether a password stands in a URL, as in `s3://user:password@bucket`."""
    return scheme_of(text) != "" and _PASSWORD.search(text) is not None


def without_password(text: str) -> str:
    """The same URL without its user and password."""
    return _PASSWORD.sub("//...@", text)


def spelt_as_path(path: str) -> str:
    """The URL that a path was, `s3://bucket` of `s3:/bucket`: paths keep one slash of several. Empty for any other."""
    found = _ONE_SLASH.fullmatch(path)
    return f"{found[1]}://{found[2]}" if found else ""
