"""The parts of a release: one split of one config, with its shards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rocot.errors import ConfigError
from rocot.release.configs import FOLDERS, Config
from rocot.release.manifest import Manifest, SplitEntry
from rocot.release.shards import Written


@dataclass(frozen=True)
class Part:
    """One split of one config of a release; of `controls`, of one control."""

    folder: str
    """Relative to the release: `sft`."""
    split: str
    files: Sequence[Written]

    @property
    def name(self) -> str:
        """How it is called: `sft/train`."""
        return f"{self.folder}/{self.split}"


def parts(manifest: Manifest, configs: Iterable[Config], split: str | None = None) -> list[Part]:
    """The parts of these configs, config by config. Raises ConfigError where the release has none of them."""
    splits = list(manifest.splits) if split is None else [split]
    if split is not None and split not in manifest.splits:
        raise ConfigError(f"the release has no split {split!r}; it has {', '.join(sorted(manifest.splits))}")
    found = [
        Part(folder, name, files)
        for config in configs
        for name in splits
        for folder, files in shards_in(manifest.splits[name], config).items()
        if files
    ]
    if not found:
        raise ConfigError(f"the release has no {' and no '.join(configs)}; export it again, controls with --controls")
    return found


def shards_in(entry: SplitEntry, config: Config) -> Mapping[str, Sequence[Written]]:
    """By folder."""
    if config == "controls":
        made = entry.controls
        folder = FOLDERS[config]
        return {} if made is None else {f"{folder}/plain": made.plain.files, f"{folder}/two_pass": made.two_pass.files}
    return {FOLDERS[config]: {"all": entry.files, "sft": entry.sft, "rft": entry.rft}[config]}
