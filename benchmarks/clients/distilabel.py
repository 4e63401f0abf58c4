"""distilabel: a pipeline of `LoadDataFromDicts` and a task for each ask, run again with its cache."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Task as DistilabelTask

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task


class Asked(DistilabelTask):
    """Its own task for vision takes one image. Only answers flow: a column of messages would hold all frames."""

    past: int = 0
    """Asks before this one; the answer to each has a column."""

    @property
    def inputs(self) -> list[str]:
        """The columns it reads."""
        return ["row", *answers(self.past)]

    @property
    def outputs(self) -> list[str]:
        """The columns it adds."""
        return answers(self.past + 1)[-1:]

    def format_input(self, input: dict[str, int | str]) -> list[dict[str, object]]:  # noqa: A002  # distilabel's name
        """The messages of a row."""
        return Task.given().messages(int(input["row"]), *(str(input[name]) for name in answers(self.past)))

    def format_output(
        self,
        output: str | None,
        input: dict[str, int | str] | None = None,  # noqa: A002  # distilabel's name
    ) -> dict[str, str | None]:
        """The answer's column."""
        return dict.fromkeys(self.outputs, output)


def answers(count: int) -> list[str]:
    """The columns of so many answers."""
    return [f"answer_{number}" for number in range(count)]


def main() -> None:
    """One run of the pipeline."""
    task = Task.given()
    with Pipeline(name="peers", cache_dir=task.folder / "cache") as pipeline:
        step = LoadDataFromDicts(data=[{"row": row} for row in range(task.rows)], batch_size=IN_FLIGHT)
        for past in range(task.asks):
            llm = OpenAILLM(model=MODEL, base_url=task.url, api_key="none", generation_kwargs={"max_new_tokens": 1024})
            asked = Asked(
                name=f"ask_{past}",
                llm=llm,
                past=past,
                input_batch_size=IN_FLIGHT,
                add_raw_input=False,
                add_raw_output=False,
            )
            step >> asked
            step = asked
    found = pipeline.run(use_cache=True)["default"]["train"]
    last = answers(task.asks)[-1]
    task.tell((row["row"], row[last]) for row in found if row[last] is not None)


if __name__ == "__main__":
    main()
