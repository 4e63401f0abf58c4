"""The command line: parse, call, print.

One module a command, imported when it is called; `rocot --help` imports none. What a command needs beyond parsing its
options is imported inside it, so that its help is as quick.
"""

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from keyword import iskeyword
from pathlib import Path
from typing import NoReturn

import click

from rocot import __version__
from rocot.errors import BackupError, RocotError

COMMANDS = {
    "generate": "Make a dataset: frames, reasoning, reflection, revision, judgement.",
    "launch": "Run a recipe in parts on many machines: Slurm, Kubernetes or Ray.",
    "backup": "Keep a copy of a run's store at a URL.",
    "restore": "Bring a run's store back from a URL.",
    "plan": "Tell what a run would do, ask and cost. Asks nothing.",
    "serve-command": "Print the `vllm serve` line that fits a recipe. Starts nothing.",
    "status": "Tell how far a run is.",
    "show": "Show one sample of a run.",
    "reparse": "Read a run's stored replies again with today's parser. Asks nothing.",
    "merge": "Unite the parts of a run into one run.",
    "export": "Write a run's samples as Parquet shards.",
    "hydrate": "Rebuild the frames of a release from your own videos.",
    "validate": "Check every row of shards or of a run.",
    "verify": "Check that a release is, byte for byte, what was written.",
    "push": "Put a release on the Hugging Face Hub, whole or not at all.",
    "pull": "Fetch a release from the Hugging Face Hub, and check every byte.",
    "report": "Tell what reflection did in a release, as a page.",
    "diff": "Tell what changed between two releases, and what version that asks for.",
    "withdraw": "Take videos or clips out of a run for good.",
    "train": "Train a student on a release: supervised, then by rewards.",
    "answer": "Let a student answer about a video.",
    "evaluate": "Hold answers against the truth of a benchmark.",
    "sources": "List the datasets that rocot can import, or tell all about one.",
    "import": "Read a dataset's official files into a manifest.",
    "check-leaks": "Find videos of training splits in official test splits.",
    "probe": "Tell codec, size, length, frames, key frames and oddities of videos.",
    "frames": "Draw frames of a video on one sheet, each with its time.",
    "completion": "Print the script that completes rocot's commands in a shell.",
}
"""In the order of a first use; each lives in the module of its name, `_` for `-` and after a word of Python's."""

NO_ROWS = 1
"""The exit code when all is done, and no usable row came of it."""
UNUSABLE = 2
"""The exit code when the input, the recipe, an option or the service cannot be used."""
NOT_KEPT = 75
"""The exit code when a run could not be kept at the URL of its backup: EX_TEMPFAIL of sysexits.h."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells count it: 128 + SIGINT."""
NO_READER = 141
"""The exit code when the reader of the output went away: 128 + SIGPIPE."""


class Commands(click.Group):
    """The commands by name, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of a first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_") + "_" * iskeyword(cmd_name)
        command = import_module(f"rocot.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command that was asked for; click's own word on Ctrl-C is an empty line, which is no JSON."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise click.Abort from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for, or what was perhaps meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rocot")
def group() -> None:
    """Reflection-oriented chain-of-thought datasets for video anomaly understanding.

    A teacher looks at frames of a clip and reasons, reflects on its own reasoning, and revises it; both answers are
    judged against the ground truth. Start with what needs no key, no GPU and no download:

    \b
      rocot generate --split train    rendered scenes, a classical-vision baseline
      rocot show                      one sample of it
      rocot validate                  check the rows

    Your own videos and another teacher go into a recipe (docs/recipe.md):

    \b
      rocot plan --recipe my.toml     clips, calls, tokens, cost; asks nothing
      rocot generate --recipe my.toml --split train

    Exit codes: 0 done, 1 done but without a usable row, 2 unusable input or service, 75 not backed up, 130 or 143
    interrupted.
    """


def main() -> None:
    """Run the command line; errors that people can mend are told in one message, bugs keep their traceback."""
    _ready_streams()
    try:
        code = group.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        if not _log_failed(error.format_message(), error.exit_code):
            error.show()
        sys.exit(error.exit_code)
    except RocotError as error:
        _complain(str(error), NOT_KEPT if isinstance(error, BackupError) else UNUSABLE)
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        with suppress(BrokenPipeError):  # of standard error, perhaps
            _log_failed("the reader of the output went away", NO_READER)
        sys.exit(NO_READER)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        _drop_output()
        _complain(f"the output cannot be written ({error.strerror}); free some space and run the same", UNUSABLE)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str, code: int) -> NoReturn:
    """Ends with one message."""
    if not _log_failed(message, code):
        from rocot.cli.screen import harmless

        click.echo(f"rocot: {harmless(message)}", err=True)
    sys.exit(code)


def _log_failed(message: str, code: int) -> bool:
    """Tells a machine what ends the command, where it is one that listens."""
    from rocot.cli.log import tell_failed, wanted

    if wanted():
        tell_failed(message, code)
    return wanted()


def _ready_streams() -> None:
    """Has something to write to where a stream was closed, and a `?` for what its encoding lacks."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the process ends
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Lets go of what could not be written: the interpreter flushes once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
