"""The garbage collector is left as it was found."""

import gc

import pytest

from rocot.engine.collecting import seldom_collected


def test_the_collector_looks_seldom_within_the_block_alone() -> None:
    before = gc.get_threshold()
    with seldom_collected(50_000):
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count()
    assert gc.get_threshold() == before
    assert not gc.get_freeze_count()


def test_what_fails_within_the_block_leaves_it_so_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError), seldom_collected(50_000):
        raise KeyError
    assert gc.get_threshold() == before


def test_blocks_that_overlap_leave_it_so_too() -> None:
    before = gc.get_threshold()
    early, late = seldom_collected(50_000), seldom_collected(60_000)
    early.__enter__()
    late.__enter__()
    early.__exit__(None, None, None)
    assert gc.get_threshold()[0] == 60_000
    late.__exit__(None, None, None)
    assert gc.get_threshold() == before
    assert not gc.get_freeze_count()
