"""The address of a service, as users give it."""

from urllib.parse import urlsplit

from rocot.errors import ConfigError
from rocot.machine import KEY_VARIABLES


def checked(base_url: str) -> str:
    """The same base URL. Raises ConfigError for one that is none; the text is not shown, as it may hold a password."""
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
    return base_url
