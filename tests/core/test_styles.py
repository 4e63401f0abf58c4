"""Three hundred samples that nobody should reject."""

from tests.styles import clean_samples


def test_no_clean_sample_breaks_a_rule() -> None:
    broken = {name: sample.judged().faults for name, sample in clean_samples(300)}
    assert {name: faults for name, faults in broken.items() if faults} == {}
    assert len(broken) == 300
