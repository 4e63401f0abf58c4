"""MSAD as its lists and its table are, with invented numbers: every class, and both shapes of a normal name."""

from pathlib import Path

TRAIN = (
    *(f"{name}_7" for name in ("Explosion", "Fighting", "Fire", "Object_falling", "People_falling")),
    "MSAD_normal_mall4",
    "MSAD_normal_street_highview12",
)
TEST = (
    *(f"{name}_8" for name in ("Assault", "Robbery", "Shooting", "Traffic_accident", "Vandalism", "Water_incident")),
    "MSAD_normal_testing_1",
)
TABLE = (
    "name,scenario,total frames,starting frame of anomaly,ending frame of anomaly",
    *(f"{name},shop,300,{number + 1},{number + 200}" for number, name in enumerate((*TRAIN[:5], *TEST[:6]))),
)


def write(folder: Path) -> None:
    """The table too, though nobody has seen the authors'."""
    (folder / "msad-i3d.list").write_text("".join(f"/home/anyone/i3d/{name}_i3d.npy\n" for name in TRAIN))
    (folder / "msad-i3d-test.list").write_text("".join(f"/home/anyone/i3d/{name}_i3d.npy\n" for name in TEST))
    (folder / "anomaly_annotation.csv").write_text("\n".join(TABLE) + "\n")
