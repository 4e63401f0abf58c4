import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.version import Part, Version

ORDER = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
ORDER += ["1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0", "1.10.0", "2.0.0"]
"""Of semver.org's rule 11."""


def test_versions_are_ordered_as_the_standard_says() -> None:
    assert [str(one) for one in sorted(map(Version.of, reversed(ORDER)))] == ORDER


@pytest.mark.parametrize(
    "text", ["1", "1.0", "01.0.0", "1.0.0.0", "v1.0.0", "1.0.0-", "1.0.0-01", "1.0.0+b", "1.0.0\n", "\u0661.0.0"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no semantic version"):
        Version.of(text)


@pytest.mark.parametrize(
    ("version", "part", "least"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "none", "1.2.3"),
        ("0.2.3", "major", "0.3.0"),
        ("0.2.3", "minor", "0.2.4"),
        ("0.2.3", "patch", "0.2.4"),
    ],
)
def test_a_change_raises_its_part_and_before_one_the_part_below(version: str, part: Part, least: str) -> None:
    assert str(Version.of(version).raised(part)) == least


NUMBERS = st.integers(0, 10**6)


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["major", "minor", "patch"]))
def test_what_is_raised_comes_after(major: int, minor: int, patch: int, part: Part) -> None:
    version = Version(major, minor, patch)
    assert version < version.raised(part)
    assert Version.of(str(version)) == version
