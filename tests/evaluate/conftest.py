"""The official annotation files, where a developer has them."""

from tests.sources.conftest import shared

__all__ = ["shared"]
