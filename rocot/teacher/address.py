"""The address of a service, as users give it."""

from urllib.parse import urlsplit

from rocot.errors import ConfigError
from rocot.machine import KEY_VARIABLES


def checked(base_url: str) -> str:
    """The same base URL, without white space around it.

    Raises ConfigError for one that is none; the text is not shown, as it may hold a password.
    """
    base_url = base_url.strip()
    if not base_url.isprintable():
        raise ConfigError("the base URL holds a line break or another character that no URL has; write it anew")
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"the base URL is none ({error})") from error
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "the base URL holds a user or a password, which would be sent along;"
            f" leave them out, and set {' or '.join(KEY_VARIABLES)} where the server wants a key"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("the base URL must start with http:// or https:// and a host, e.g. http://127.0.0.1:8000/v1")
    if not _may_be_called(parts.hostname):
        raise ConfigError(
            "no host is called as the base URL has it: with a space, an empty part or one of over 63 letters"
        )
    return base_url


def _may_be_called(host: str) -> bool:
    """Whether a name can be looked up at all: what cannot would end in an error of the codec and not of the network."""
    try:
        return bool(host.encode("idna")) and " " not in host
    except UnicodeError:
        return False
