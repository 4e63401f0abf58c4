"""What the options of `rocot generate` come to. A launcher reads those of its parts by the same."""

from pathlib import Path
from typing import TypedDict, Unpack

from rocot.cli import options
from rocot.cli.backing import Backup
from rocot.cli.generating import Order
from rocot.machine import Machine, default_cache, key_from_environment, own_keys_from_environment
from rocot.recipe_file import load_recipe


class Said(TypedDict):
    """The options, as click hands them on."""

    recipe: str
    split: str
    folder: Path | None
    part: str | None
    limit: int | None
    allow_leaks: str | None
    target_accepted: int | None
    workers: int
    decoders: int
    decode_deadline: float
    decode_memory: float
    deadline: float
    base_urls: tuple[str, ...]
    vllm: str | None
    batch: bool
    rpm: int | None
    tpm: int | None
    max_calls: int | None
    max_cost: float | None
    prices: Path | None
    backup: str | None
    backup_every: float
    log_json: bool


def order_of(**said: Unpack[Said]) -> Order:
    """What is asked of one call. Raises ConfigError for what no option may be."""
    recipe = options.with_leaks(load_recipe(said["recipe"]), said["allow_leaks"])
    shared, own = options.addresses(said["base_urls"])
    share = options.a_part(said["part"])
    machine = Machine(
        run=options.run_folder(recipe, said["folder"], share),
        part=share,
        cache=default_cache(),
        workers=said["workers"],
        decoders=said["decoders"],
        decode_deadline=said["decode_deadline"],
        decode_memory=said["decode_memory"],
        base_urls=shared,
        own_urls=own,
        api_key=key_from_environment(),
        own_keys=own_keys_from_environment(),
        vllm=options.words(said["vllm"]),
        deadline=said["deadline"],
        rpm=said["rpm"],
        tpm=said["tpm"],
    )
    return Order(
        recipe,
        machine,
        said["split"],
        options.price_table(said["prices"]),
        limit=said["limit"],
        target=said["target_accepted"],
        max_calls=said["max_calls"],
        max_cost=said["max_cost"],
        log_json=said["log_json"],
        batch=said["batch"],
        backup=None if said["backup"] is None else Backup(said["backup"], said["backup_every"]),
    )
