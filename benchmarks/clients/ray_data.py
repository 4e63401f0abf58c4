"""Ray Data: the HTTP processor of `ray.data.llm`, an actor for each core, its rows written to Parquet."""

import os

import pyarrow.parquet as pq
import ray
from ray.data.llm import HttpRequestProcessorConfig, build_processor

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task


def main() -> None:
    """One pass over the rows. A row that fails after six tries more ends it: this processor takes no other setting."""
    task = Task.given()
    config = HttpRequestProcessorConfig(
        url=f"{task.url}/chat/completions",
        headers={"Authorization": "Bearer none"},
        batch_size=IN_FLIGHT,
        concurrency=os.cpu_count(),
        max_retries=6,
    )

    def asked(row: dict[str, int]) -> dict[str, object]:
        """The request of a row."""
        messages = task.messages(row["id"])
        payload = {"model": MODEL, "messages": messages, "temperature": 0.7, "max_tokens": 1024}
        return {"row": row["id"], "payload": payload}

    def answered(row: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> dict[str, object]:
        """The row that is kept, as the documentation words it."""
        return {"row": row["row"], "answer": row["http_response"]["choices"][0]["message"]["content"]}

    ray.init(include_dashboard=False, log_to_driver=False)
    rows = build_processor(config, preprocess=asked, postprocess=answered)(ray.data.range(task.rows))
    out = task.folder / "out"
    rows.write_parquet(str(out))
    ray.shutdown()
    found = pq.read_table(out)
    task.tell(zip(found["row"].to_pylist(), found["answer"].to_pylist(), strict=True))


if __name__ == "__main__":
    main()
