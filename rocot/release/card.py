"""The card of a release: README.md, which the Hub shows as its page, and the plots in it.

Equal releases have equal cards: no date is in it, nor where it was made. What others wrote goes in as text alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from huggingface_hub import DatasetCard

from rocot.assets import Prompts
from rocot.recipe import Imported, Recipe, Scenes
from rocot.release.card_numbers import plots, rates, tables
from rocot.release.configs import split_names
from rocot.release.making import ASKED, models, prompts
from rocot.release.manifest import CARD, PLOTS, Manifest
from rocot.release.markdown import Ready, template
from rocot.release.metadata import Configs, configs_of, default_of, metadata
from rocot.release.page import MEANING, UNCHOSEN
from rocot.release.rights import terms
from rocot.release.summarize import measured
from rocot.sources.known.dataset import UNSTATED

HOLDS = {
    "all": "every judged row, whatever its outcome, with answers, truth, scores, faults and provenance",
    "sft": "what is kept for training, as chats: `prompt` and `completion`",
    "rft": "what is kept for training, as prompts with the truth that rewards need",
    "controls": "the same rows without reflection: one pass at the same token budget, and two passes",
}
UNKEPT = {"fault": "break a rule of the gate", "outcome": "their outcome is not wanted", **UNCHOSEN}
REBUILDS = """\
@article{zhao2026srvaur1,
  title = {SRVAU-R1: Enhancing Video Anomaly Understanding via Reflection-Aware Learning},
  author = {Zhao, Zihao and Cao, Shengting and Ye, Muchao},
  journal = {arXiv preprint arXiv:2602.01004},
  year = {2026}
}
"""
"""The work that the data follows."""


@dataclass(frozen=True)
class _Config:
    name: str
    variable: str
    split: Ready
    rows: str
    meaning: Ready
    default: bool


@dataclass(frozen=True)
class _Split:
    name: str
    shown: str
    rows: str
    kept: str
    outcomes: Mapping[str, str]
    not_kept: Mapping[str, str]


def card(folder: Path, manifest: Manifest, recipe: Recipe, used: Prompts) -> dict[str, str]:
    """README.md and its plots, as texts by path, for the shards that lie in the folder and that the manifest tells of.

    Raises StoreError where a shard cannot be read whole.
    """
    summary, held = measured(folder, manifest), terms(manifest.sources)
    configs, drawn = configs_of(manifest), plots(summary, manifest)
    files = {name: f"{PLOTS}/{name}.svg" for name in drawn}
    splits = tuple(_splits(manifest))
    cited = dict.fromkeys(one.citation.strip() for one in manifest.sources if one.citation.strip())
    body = template("card.md").render(
        name=manifest.release,
        version=manifest.version,
        rows=f"{summary.funnel.rows:,}",
        kept=f"{summary.funnel.kept:,}",
        videos=f"{summary.flips.videos:,} videos",
        flips=summary.flips,
        warnings=summary.warnings,
        task=ASKED[recipe.task.kind],
        terms=manifest.sources,
        models=models(recipe),
        prompts=prompts(recipe, used),
        pictures=manifest.pixels is not None,
        rights="" if manifest.pixels is None else manifest.pixels.rights,
        fingerprint=manifest.fingerprint,
        recipe_digest=manifest.recipe,
        recipe=recipe,
        **_facts(recipe),
        rocot=manifest.rocot,
        configs=tuple(_configs(folder, configs)),
        trainable="sft" in configs,
        controls="controls" in configs,
        splits=splits,
        outcomes=tuple(MEANING.items()),
        unkept=[(why, meaning) for why, meaning in UNKEPT.items() if any(one.not_kept[why] != "0" for one in splits)],
        left_out=[(why, f"{number:,}") for why, number in summary.funnel.left_out.items()],
        rates=tuple(rates(summary)),
        groups=tuple(tables(summary)),
        figures={name: Ready(files[name]) if name in files else "" for name in ("outcomes", "gain", "tiou")},
        strictest=held.strictest,
        unlicensed=any(one.licence == UNSTATED for one in manifest.sources),
        withdrawn=f"{len(manifest.withdrawn):,}" if manifest.withdrawn else "",
        citations="\n\n".join((REBUILDS.strip(), *cited)),
    )
    data = metadata(recipe, manifest, configs, held)
    text = f"---\n{data.to_yaml(line_break=chr(10))}\n---\n\n{body}"
    DatasetCard(text)  # its own classes read it, or it is none
    return {CARD: text, **{files[name]: svg for name, svg in drawn.items()}}


def _facts(recipe: Recipe) -> dict[str, object]:
    """What the recipe says, for the template to tell."""
    caps = {"video": recipe.mix.per_video, "source": recipe.mix.per_source, "class": recipe.mix.per_class}
    asked = {who.name for who in recipe.asked.values()}
    own = sorted(asked & {"embedded", "scripted"})
    return {
        "rejecting": sum(weight == "reject" for _, weight in recipe.gate.rules),
        "lenient": ", ".join(name.replace("_", " ") for name, weight in recipe.gate.rules if weight != "reject"),
        "caps": [(what, f"{most:,}") for what, most in caps.items() if most],
        "shares": [(kind, f"{share:.0%}") for kind, share in recipe.mix.shares if share is not None],
        "baseline": " and ".join(own),
        "asked_others": bool(asked - {"embedded", "scripted"}),
        "rendered": all(isinstance(one, Scenes) for one in recipe.sources),
        "imported": any(isinstance(one, Imported) for one in recipe.sources),
    }


def _configs(folder: Path, configs: Configs) -> Iterator[_Config]:
    for name, splits in configs.items():
        rows = sum(pq.read_metadata(path).num_rows for glob in splits.values() for path in folder.glob(glob))
        yield _Config(
            name=name,
            variable={"all": "rows"}.get(name, name),
            split=Ready(f'"{"train" if "train" in splits else next(iter(splits))}"'),
            rows=f"{rows:,}",
            meaning=Ready(HOLDS[name]),
            default=name == default_of(configs),
        )


def _splits(manifest: Manifest) -> Iterator[_Split]:
    names = split_names(manifest.splits)
    for split, entry in sorted(manifest.splits.items()):
        yield _Split(
            name=split,
            shown=names[split],
            rows=f"{entry.rows:,}",
            kept=f"{entry.kept:,}",
            outcomes={outcome: f"{entry.outcomes.get(outcome, 0):,}" for outcome in MEANING},
            not_kept={why: f"{entry.not_kept.get(why, 0):,}" for why in UNKEPT},
        )
