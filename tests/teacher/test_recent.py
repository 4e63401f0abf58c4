from hypothesis import given
from hypothesis import strategies as st

from rocot.teacher.recent import Recent


def test_what_was_used_longest_ago_goes_first() -> None:
    recent: Recent[str, int] = Recent(3)
    for number, name in enumerate("abc"):
        recent.put(name, number, 1)
    assert recent.get("a") == 0
    recent.put("d", 3, 1)
    assert [recent.get(name) for name in "abcd"] == [0, None, 2, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=60))
def test_it_never_holds_more_than_there_is_room_for(puts: list[tuple[int, int]]) -> None:
    recent: Recent[int, int] = Recent(10)
    sizes: dict[int, int] = {}
    for key, size in puts:
        recent.put(key, size, size)
        sizes[key] = size
        kept = [key for key in sizes if recent.get(key) is not None]
        assert sum(sizes[key] for key in kept) <= 10
        assert size > 10 or recent.get(key) == size
