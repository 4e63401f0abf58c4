"""distilabel: a pipeline of `LoadDataFromDicts` and a task that words the question, run again with its cache."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Task as DistilabelTask

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task


class Asked(DistilabelTask):
    """Its own task for vision takes one image. Only numbers flow: a column of messages would hold all frames."""

    @property
    def inputs(self) -> list[str]:
        """The columns it reads."""
        return ["row"]

    @property
    def outputs(self) -> list[str]:
        """The columns it adds."""
        return ["answer"]

    def format_input(self, input: dict[str, int]) -> list[dict[str, object]]:  # noqa: A002  # distilabel's name
        """The messages of a row."""
        return Task.given().messages(input["row"])

    def format_output(
        self,
        output: str | None,
        input: dict[str, int] | None = None,  # noqa: A002  # distilabel's name
    ) -> dict[str, str | None]:
        """The answer's column."""
        return {"answer": output}


def main() -> None:
    """One run of the pipeline."""
    task = Task.given()
    with Pipeline(name="peers", cache_dir=task.folder / "cache") as pipeline:
        rows = LoadDataFromDicts(data=[{"row": row} for row in range(task.rows)], batch_size=IN_FLIGHT)
        llm = OpenAILLM(model=MODEL, base_url=task.url, api_key="none", generation_kwargs={"max_new_tokens": 1024})
        asked = Asked(llm=llm, input_batch_size=IN_FLIGHT, add_raw_input=False, add_raw_output=False)
        rows >> asked
    found = pipeline.run(use_cache=True)["default"]["train"]
    task.tell((row["row"], row["answer"]) for row in found if row["answer"] is not None)


if __name__ == "__main__":
    main()
