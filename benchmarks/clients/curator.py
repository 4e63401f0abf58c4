"""bespokelabs-curator: an `LLM` whose prompt is the question and the frames' files, called again for each ask."""

import json
from pathlib import Path

import litellm.litellm_core_utils.default_encoding  # noqa: F401  # has tiktoken's vocabulary, else it is downloaded
from bespokelabs import curator

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task

PLENTY = 1_000_000_000
"""A minute: no limit of its own."""


ANSWERS = "first", "found", "revised"
"""The columns of the answers to the three asks."""


class Asker(curator.LLM):
    """Words a row; its frames are read when it is its turn.

    All text goes first, the system's and what was answered with it: curator has it before all images, in one turn.
    """

    def prompt(self, row: dict[str, object]) -> tuple[object, ...]:
        """The question, the times, what followed, the frames."""
        said = [str(row[name]) for name in ANSWERS if name in row]
        text = "\n".join([str(row["text"]), said[0], Task.given().follow_up(*said)] if said else [str(row["text"])])
        return text, *(curator.types.Image(url=path) for path in str(row["paths"]).split("\n"))

    def parse(self, row: dict[str, object], response: str) -> dict[str, object]:
        """A row of the dataset."""
        return {**row, next(name for name in ANSWERS if name not in row): response}


def main() -> None:
    """One run; failed rows do not spoil it, as they do unless it is told."""
    task = Task.given()
    asker = Asker(
        model_name=MODEL,
        backend="openai",
        generation_params={"temperature": 0.7, "max_tokens": 1024},
        backend_params={
            "base_url": task.url,
            "max_concurrent_requests": IN_FLIGHT,
            "max_requests_per_minute": PLENTY,
            "max_tokens_per_minute": PLENTY,
            "max_retries": 6,
            "require_all_responses": False,
        },
    )
    rows = []
    for row in range(task.rows):
        shown = task.shown(row)
        text = "\n".join([task.texts.system, "".join(stamp for stamp, _ in shown), task.texts.question])
        rows.append({"row": row, "text": text, "paths": "\n".join(str(path) for _, path in shown)})
    found = rows
    for _ in range(task.asks):
        found = asker(found, working_dir=str(task.folder / "curator")).dataset
    kept = [(int(str(row["row"])), str(row[ANSWERS[task.asks - 1]])) for row in found]
    task.tell(kept, failed(task.folder / "curator"))


def failed(folder: Path) -> list[tuple[int, str]]:
    """The rows that curator wrote into its file of failed requests, with the errors of its file of responses."""
    errors = {}
    for path in folder.glob("*/responses_*.jsonl"):
        for line in path.read_text().splitlines():
            said = json.loads(line)
            errors[said["generic_request"]["original_row_idx"]] = str(said["response_errors"] or "")
    rows = [
        json.loads(line)["original_row_idx"]
        for path in folder.glob("*/failed_requests.jsonl")
        for line in path.read_text().splitlines()
    ]
    return [(row, errors.get(row, "")) for row in rows]


if __name__ == "__main__":
    main()
