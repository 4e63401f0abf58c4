"""`rocot serve-command`: the `vllm serve` line that fits a recipe."""

import click

from rocot.cli import options


@click.command()
@click.argument("model")
@options.recipe
def command(model: str, recipe: str) -> None:
    """Print the `vllm serve` line that fits a recipe. Starts nothing.

    MODEL is a model's name on a hub, or the folder of its weights. The line allows as many images a prompt as the
    recipe sends, a context that holds its longest conversation by estimate, structured output without padding, and
    a prefix cache whose hits are reported. Where the recipe names one openai:<name>, the model is served by that name.

    \b
    Examples:
      rocot serve-command Qwen/Qwen2.5-VL-7B-Instruct --recipe my.toml
      rocot serve-command /models/qwen --recipe my.toml > serve.sh
    """
    import shlex

    from rocot.assets import load_prompts
    from rocot.cli.screen import aside
    from rocot.recipe_file import load_recipe
    from rocot.teacher.serving import command, served_name

    chosen = load_recipe(recipe)
    click.echo(shlex.join(command(model, chosen, load_prompts(chosen.prompts.folder, chosen.task.kind))))
    name = served_name(model, chosen)
    if f"openai:{name}" not in {who.model for who in chosen.asked.values()}:
        aside().print(f'In the recipe: model = "openai:{name}"', markup=False, highlight=False)
    aside().print("Then: rocot generate --recipe ... --base-url http://localhost:8000/v1", highlight=False)
