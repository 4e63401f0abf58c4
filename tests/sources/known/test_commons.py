"""Labels of sources in the common taxonomy."""

import pytest

from rocot.sources.folder import VAU_BENCH
from rocot.sources.known.commons import commons
from rocot.sources.known.dataset import known, shipped


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_label_of_a_known_dataset_has_its_common_class(name: str) -> None:
    classes = known(name).classes
    assert commons(("Normal", *classes), name) == ("Normal", *classes.values())


def test_a_folder_that_spells_as_vau_bench_or_the_taxonomy_does_is_understood() -> None:
    assert commons(("Normal", "Traffic_accident", "Traffic Accident", "Juggling")) == (
        "Normal",
        "Traffic Accident",
        "Traffic Accident",
        "",
    )
    assert all(commons(VAU_BENCH))


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert commons(("Normal", "Juggling")) == ()
