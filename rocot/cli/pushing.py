"""What `rocot push` and `rocot pull` do and print, to the Hub and from it; elsewhere see `rocot.cli.placing`."""

from pathlib import Path

from rich.console import Console

from rocot.cli.screen import count, heading, out, pasted, size, table
from rocot.cli.transfer import going
from rocot.release.changes import Changes
from rocot.release.hub import Hub
from rocot.release.pull import pull
from rocot.release.push import Outlook, Wish, outlook, push
from rocot.release.ready import Release, ready
from rocot.release.shards import Listed


def push_release(  # the options
    name: str, path: Path, *, tag: str | None, private: bool, public: bool, dry_run: bool
) -> None:
    """Checks, looks, tells, and pushes unless it is a dry run. Raises ConfigError, HubError."""
    hub = Hub(name)
    hub.check_login()
    with going("checked", hub) as transfer:
        transfer.checking()
        release = ready(path)
        wish = Wish(tag or f"v{release.manifest.version}", private=private, public=public)
        seen = outlook(hub, release, wish)
    _print_outlook(out(), hub, release, wish, seen)
    if dry_run:
        out().print("\nNothing was changed (--dry-run).")
        return
    with going("sent", hub) as transfer:
        transfer.expect(seen.plan.send)
        done = push(hub, release, wish, seen, transfer)
    console = out()
    sent = "" if done.sent is None else f", {size(done.sent)} sent"
    console.print(f"\nmain of {hub.url} is this release (commit {done.commit[:7]}), tag {wish.tag}{sent}")
    steps = f'datasets.load_dataset("{hub.name}", revision="{wish.tag}")\n  rocot pull {hub.name}'
    console.print(f"\nNext\n  {steps}", soft_wrap=True)


def pull_release(name: str, to: Path, revision: str) -> None:
    """Fetches, and tells what came. Raises ConfigError, HubError, StoreError."""
    hub = Hub(name)
    with going("fetched", hub) as transfer:
        done = pull(hub, to, transfer, revision)
    console, manifest = out(), done.manifest
    console.print(heading(f"{manifest.release} {manifest.version} in {done.folder}"))
    console.print(
        f"{done.files:,} files of commit {done.commit[:7]}, {size(done.size)}, of which {size(done.fetched)} fetched;"
        " every byte is as the manifest says"
    )
    made = table("split", "rows", "kept")
    for split, entry in manifest.splits.items():
        made.add_row(split, count(entry.rows), count(entry.kept))
    console.print()
    console.print(made)


def _print_outlook(console: Console, hub: Hub, release: Release, wish: Wish, seen: Outlook) -> None:
    repo, manifest, plan = seen.state.repo, release.manifest, seen.plan
    if repo is None:
        state = "a new dataset, private" if not wish.public else "a new dataset, public in the end"
    else:
        state = "private" if repo.private else "gated" if repo.gated else "public"
        state += ", public in the end" if repo.private and wish.public else ""
    console.print(heading(f"{manifest.release} {manifest.version} to {hub.url} ({state}), tag {wish.tag}"))
    made = table("files", "number", "size")
    made.add_row("to upload", count(len(plan.send)), _size(plan.send))
    made.add_row("there already", count(len(plan.there)), _size(plan.there))
    made.add_row("to remove", count(len(plan.gone)))
    console.print()
    console.print(made)
    if plan.done:
        console.print("\nThis release is there" + (", and tagged." if seen.tagged else "; it lacks the tag."))
    if seen.changes is not None and not plan.done:
        _print_changes(console, seen.changes)
        there = f"{hub.name}@{seen.changes.against}"
        console.print(f"rows by id, and rates: rocot diff {there} {pasted(release.folder)}", soft_wrap=True)


def _print_changes(console: Console, seen: Changes) -> None:
    made = table(f"against {seen.against}", "rows then", "now", "kept then", "now")
    for one in seen.splits:
        made.add_row(one.split, *(f"{n:,}" for n in (one.rows_was, one.rows_now, one.kept_was, one.kept_now)))
    console.print()
    console.print(made)
    told = {"new": seen.added, "changed": seen.altered, "gone": seen.removed}
    files = ", ".join(f"{number:,} {name}" for name, number in told.items() if number) or "none changed"
    same = "the same" if seen.same_flow else "another"
    console.print(f"files: {files}; made by {same} recipe, flow and version of rocot")


def _size(files: tuple[Listed, ...]) -> str:
    return size(sum(file.bytes for file in files)) if files else ""
