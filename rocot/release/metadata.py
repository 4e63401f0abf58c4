"""The YAML on top of a card: what the Hub reads of a dataset. Its own classes write it."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from huggingface_hub import DatasetCardData

from rocot.core.task import Task
from rocot.recipe import Recipe, Scenes
from rocot.release.configs import FOLDERS, glob_of, split_names
from rocot.release.manifest import Manifest
from rocot.release.markdown import plain
from rocot.release.parts import shards_in
from rocot.release.rights import Origin, Terms

Configs: TypeAlias = Mapping[str, Mapping[str, str]]
"""By config: by split, the glob of its files."""

DEFAULT = ("sft", "rft", "all")
"""The config that is loaded where none is named, the first that has rows: whoever trains on what comes without a name
trains on what the gate keeps, and not on answers that it turned away, where anything is kept."""
SIZES = {"n<1K": 10**3, "1K<n<10K": 10**4, "10K<n<100K": 10**5, "100K<n<1M": 10**6, "1M<n<10M": 10**7}
CATEGORIES: Mapping[Task, Sequence[str]] = {
    "grounding": ("video-text-to-text",),
    "classification": ("video-text-to-text", "video-classification"),
    "qa": ("video-text-to-text", "visual-question-answering"),
    "reasoning": ("video-text-to-text",),
}
TAGS = (
    "rocot",
    "video-anomaly-understanding",
    "video-anomaly-detection",
    "chain-of-thought",
    "self-reflection",
    "surveillance",
    "synthetic",
)


def configs_of(manifest: Manifest) -> Configs:
    """The configs of a release that have rows, each with the splits in which it has some.

    `datasets` loads no split without rows, and no config in which one is.
    """
    names = split_names(manifest.splits)
    found: dict[str, dict[str, str]] = {}
    for config, folder in FOLDERS.items():
        place = f"{folder}/*" if config == "controls" else folder  # a folder for each control
        splits = {
            names[split]: glob_of(place, split)
            for split, entry in sorted(manifest.splits.items())
            if any(file.rows for files in shards_in(entry, config).values() for file in files)
        }
        if splits:
            found[config] = splits
    return found


def default_of(configs: Configs) -> str:
    """The config of these that is loaded where none is named."""
    return next(name for name in (*DEFAULT, *configs) if name in configs)


def metadata(recipe: Recipe, manifest: Manifest, configs: Configs, terms: Terms) -> DatasetCardData:
    """The YAML, as data. It says nothing of columns: each shard does, and a second copy could disagree."""
    rows = sum(entry.rows for entry in manifest.splits.values())
    data = DatasetCardData(
        pretty_name=plain(f"{manifest.release} {manifest.version}"),
        language=["en"],
        task_categories=list(CATEGORIES[recipe.task.kind]),
        size_categories=[next((name for name, most in SIZES.items() if rows < most), "10M<n<100M")],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        multilinguality=["monolingual"],
        source_datasets=["original" if all(isinstance(one, Scenes) for one in recipe.sources) else "extended"],
        tags=list(TAGS),
        configs=[
            {
                "config_name": name,
                **({"default": True} if name == default_of(configs) else {}),
                "data_files": [{"split": split, "path": glob} for split, glob in splits.items()],
            }
            for name, splits in configs.items()
        ]
        or None,
    )
    for name, value in {**_licence(terms.strictest), **_gate(terms.sources)}.items():
        data[name] = value
    return data


def _licence(hardest: Origin) -> dict[str, str]:
    """The Hub's id, or `other` with the name of whose terms they are and where these stand."""
    if hardest.hub_licence != "other":
        return {"license": hardest.hub_licence}
    name = re.sub(r"[^a-z0-9]+", "-", f"terms-of-{hardest.name}".lower()).strip("-")
    link = {"license_link": plain(hardest.homepage)} if hardest.homepage else {}
    return {"license": "other", "license_name": name, **link}


def _gate(sources: Sequence[Origin]) -> dict[str, object]:
    """What somebody must agree to first, where terms ask for that. That a page is gated is a setting of the Hub."""
    bound = [one for one in sources if one.allows in {"research", "nothing derived"}]
    noncommercial = [one for one in sources if "-nc-" in f"-{one.hub_licence}-"]
    if not bound and not noncommercial:
        return {}
    closed = any(one.allows == "nothing derived" for one in sources)
    titles = ", ".join(dict.fromkeys(plain(one.title) for one in (*bound, *noncommercial)))
    use = "I will use it for academic research alone" if bound else "I will make no commercial use of it"
    return {
        "extra_gated_prompt": (
            f"The texts were made from videos of {titles}. Their terms bind whoever uses the texts;"
            " read them in the card, under Sources and their terms."
        ),
        "extra_gated_fields": {
            "Affiliation": "text",
            "Intended use": "text",
            use: "checkbox",
            **({"I will not pass it on to third parties": "checkbox"} if closed else {}),
            "I will not try to identify persons": "checkbox",
        },
    }
