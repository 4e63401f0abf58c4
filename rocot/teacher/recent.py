"""Values that were used lately, as many as fit."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A table that forgets what was used longest ago once it holds more than `room` bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, if it is still there."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def __contains__(self, key: K) -> bool:
        """Whether it is still there; looking is no use."""
        return key in self._kept

    def drop(self, key: K) -> None:
        """Forgets a value, if it is there."""
        if key in self._kept:
            self._room += self._kept.pop(key)[1]

    def put(self, key: K, value: V, size: int) -> None:
        """Keeps a value of so many bytes."""
        self.drop(key)
        self._kept[key] = value, size
        self._room -= size
        while self._room < 0:
            self._room += self._kept.popitem(last=False)[1][1]
