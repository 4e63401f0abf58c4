"""The labels that this baseline can tell apart, in the words of the ask."""

import re

MEANT = {
    "Explosion": ("explosion", "blast", "bombing"),
    "Fighting": ("fighting", "fight", "assault", "violence", "abuse", "riot"),
    "Fire": ("fire", "arson", "burning"),
    "People_falling": ("peoplefalling", "falling", "fall", "persondown", "medicalabnormality"),
    "Robbery": ("robbery", "snatching", "stealing", "theft", "burglary", "shoplifting"),
    "Traffic_accident": ("trafficaccident", "roadaccident", "roadaccidents", "caraccident", "accident", "collision"),
    "Vandalism": ("vandalism", "propertydamage"),
}  # fmt: skip
"""Each label of the tables, and names that other datasets give it, the nearest first."""
ANYTHING = ("anomaly", "abnormal", "anomalous", "unusual")
"""Names for whatever is not normal, where an ask tells no kinds apart."""


def plain(label: str) -> str:
    """Lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", label.casefold())


def in_words_of(classes: tuple[str, ...]) -> dict[str, str]:
    """For each label of the tables the asked class that means it; labels without one are left out."""
    asked = {plain(name): name for name in reversed(classes)}
    found = {label: [asked[word] for word in (*words, *ANYTHING) if word in asked] for label, words in MEANT.items()}
    return {label: names[0] for label, names in found.items() if names}
