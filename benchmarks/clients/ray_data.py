"""Ray Data: the HTTP processor of `ray.data.llm`, an actor for each core and ask, its rows written to Parquet."""

import os
from collections.abc import Sequence
from functools import partial

import pyarrow.parquet as pq
import ray
from ray.data.llm import HttpRequestProcessorConfig, build_processor

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task

ANSWERS = "first", "found", "revised"
"""The columns of the answers to the three asks."""


def main() -> None:
    """One pass over the rows. A row that fails after six tries more ends it: this processor takes no other setting."""
    task, actors = Task.given(), os.cpu_count() or 1
    config = HttpRequestProcessorConfig(
        url=f"{task.url}/chat/completions",
        headers={"Authorization": "Bearer none"},
        batch_size=IN_FLIGHT,
        concurrency=actors,
        max_retries=6,
    )

    def asked(past: Sequence[str], row: dict[str, int | str]) -> dict[str, object]:
        """The request of a row, and what is kept of it so far."""
        messages = task.messages(int(row["id"]), *(str(row[name]) for name in past))
        payload = {"model": MODEL, "messages": messages, "temperature": 0.7, "max_tokens": 1024}
        return {**row, "payload": payload}

    def answered(kept: Sequence[str], row: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> dict[str, object]:
        """The row that is kept, as the documentation words it."""
        answer = row["http_response"]["choices"][0]["message"]["content"]
        return {name: row.get(name, answer) for name in ("id", *kept)}

    # By default as many actors as cores fit in at once: those of the later asks would wait for ever.
    ray.init(num_cpus=actors * task.asks, include_dashboard=False, log_to_driver=False)
    rows = ray.data.range(task.rows)
    for past in range(task.asks):
        before, after = ANSWERS[:past], ANSWERS[: past + 1]
        rows = build_processor(config, preprocess=partial(asked, before), postprocess=partial(answered, after))(rows)
    out = task.folder / "out"
    rows.write_parquet(str(out))
    ray.shutdown()
    found = pq.read_table(out)
    task.tell(zip(found["id"].to_pylist(), found[ANSWERS[task.asks - 1]].to_pylist(), strict=True))


if __name__ == "__main__":
    main()
