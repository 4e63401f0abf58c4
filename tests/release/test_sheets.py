"""What waits for the rest of its split comes back as it was laid down, or not at all."""

import random
from pathlib import Path

import pytest

from rocot.arrow import table_of
from rocot.core.gate import Gate
from rocot.core.row import Row
from rocot.errors import StoreError
from rocot.recipe import Mix
from rocot.release.marks import marks
from rocot.release.sheets import Maker
from tests.builders import EDITION, many


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path, EDITION, Gate(), Mix(), frozenset())


def test_a_sheet_comes_back_as_it_was_laid_down_and_leaves_nothing(tmp_path: Path, maker: Maker) -> None:
    items = many(7)
    (sheet,) = maker.sheets(items)
    rows = [Row.of(item, EDITION) for item in items]
    assert maker.marks(sheet) == marks(rows, maker.gate, maker.mix)
    found, wanted = maker.rows(sheet), table_of(rows, Row)
    assert found.schema.equals(wanted.schema, check_metadata=True)
    assert found.equals(wanted)
    assert not list(tmp_path.iterdir())


def test_a_flipped_bit_in_what_waits_is_never_a_row(tmp_path: Path, maker: Maker) -> None:
    (sheet,) = maker.sheets(many(3))
    rng = random.Random(5)
    for path, take in ((tmp_path / "000000.rows", maker.rows), (tmp_path / "000000.marks", maker.marks)):
        whole = path.read_bytes()
        for _ in range(60):
            bit, spoilt = rng.randrange(len(whole) * 8), bytearray(whole)
            spoilt[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(spoilt)
            with pytest.raises(StoreError, match="not as it was written"):
                take(sheet)
        path.write_bytes(whole[:-1])
        with pytest.raises(StoreError, match="not as it was written"):
            take(sheet)
