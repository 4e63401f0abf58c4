"""What `rocot push` and `rocot pull` do and print where a release goes to a URL, or comes from one."""

from pathlib import Path

from rocot.cli.screen import count, heading, next_steps, out, pasted, size, table
from rocot.cli.transfer import going
from rocot.errors import ConfigError
from rocot.release.placing import fetch, placing, put
from rocot.release.ready import ready
from rocot.release.rights import refusal
from rocot.storage.place import Place


def push_to_url(url: str, path: Path, *, private: bool, dry_run: bool) -> None:
    """Checks, looks, tells, and sends unless it is a dry run. Raises ConfigError, StorageError."""
    if url.lower().startswith(("hf://datasets/", "hf://models/", "hf://spaces/")):
        raise ConfigError(
            f"{url}: a repository takes a release in one commit: rocot push ORG/NAME; hf://buckets/... will do"
        )
    place = Place(url)
    with going("checked") as transfer:
        transfer.checking()
        release = ready(path)
        why = refusal(release.manifest.pixels, private=private, gated=False)
        if why is not None:
            raise ConfigError(
                f"{place}: who may read there cannot be told (--private says that not everybody may): {why}"
            )
        seen = placing(release, place)
    console, manifest = out(), release.manifest
    console.print(heading(f"{manifest.release} {manifest.version} to {place}"))
    made = table("files", "number", "size")
    made.add_row("to upload", count(len(seen.send)), size(sum(file.bytes for file in seen.send)))
    made.add_row("there already", count(len(seen.there)), size(sum(file.bytes for file in seen.there)))
    made.add_row("to remove", count(len(seen.gone)))
    console.print()
    console.print(made)
    if dry_run:
        console.print("\nNothing was changed (--dry-run).")
        return
    with going("sent") as transfer:
        put(release, place, seen, transfer)
    console.print(f"\n{place} holds this release" + (", and did." if seen.done else "."))
    next_steps(console, [(f"rocot pull {pasted(str(place))} --to {pasted(manifest.release)}", "fetch it elsewhere")])


def pull_from_url(url: str, to: Path) -> None:
    """Fetches, and tells what came. Raises ConfigError, StorageError, StoreError."""
    place = Place(url)
    with going("fetched") as transfer:
        manifest = fetch(place, to, transfer)
    console = out()
    console.print(heading(f"{manifest.release} {manifest.version} in {to}"))
    console.print(f"{len(manifest.listed):,} files of {place}; every byte is as the manifest says")
