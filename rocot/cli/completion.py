"""`rocot completion`: click's own completion script for a shell."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes rocot's commands in a shell.

    \b
    bash:
      rocot completion bash > ~/.local/share/bash-completion/completions/rocot
    zsh, into a folder of your fpath:
      rocot completion zsh > ~/.zfunc/_rocot
    fish:
      rocot completion fish > ~/.config/fish/completions/rocot.fish
    """
    root = click.get_current_context().find_root().command
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(root, {}, "rocot", "_ROCOT_COMPLETE").source())
