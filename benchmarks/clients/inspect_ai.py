"""inspect_ai: a task of samples whose frames are files, answered by `generate()` with its cache, once for each ask."""

from inspect_ai import Task as InspectTask
from inspect_ai import eval as run
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, ContentImage, ContentText
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task


def sample(task: Task, row: int) -> Sample:
    """A row."""
    parts = []
    for stamp, path in task.shown(row):
        parts += [ContentText(text=stamp), ContentImage(image=str(path))]
    user = ChatMessageUser(content=[*parts, ContentText(text=task.texts.question)])
    return Sample(id=row, input=[ChatMessageSystem(content=task.texts.system), user])


@solver
def follow_up() -> Solver:
    """The ask that follows what was said."""
    task = Task.given()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        said = [message.text for message in state.messages if message.role == "assistant"]
        state.messages = [*state.messages[:3], ChatMessageUser(content=task.follow_up(*said))]
        return await generate(state, cache=True)

    return solve


def main() -> None:
    """One evaluation; failed samples do not end it, as they do unless it is told."""
    task = Task.given()
    solvers = [generate(cache=True), *(follow_up() for _ in range(1, task.asks))]
    [log] = run(
        InspectTask(dataset=[sample(task, row) for row in range(task.rows)], solver=solvers),
        model=f"openai-api/local/{MODEL}",
        model_base_url=task.url,
        model_args={"api_key": "none"},
        log_dir=str(task.folder / "logs"),
        display="none",
        fail_on_error=False,
        max_connections=IN_FLIGHT,
        max_samples=IN_FLIGHT,
        max_retries=6,
        temperature=0.7,
        max_tokens=1024,
    )
    samples = log.samples or []
    task.tell(
        [(int(found.id), found.output.completion) for found in samples if found.error is None],
        [(int(found.id), found.error.message) for found in samples if found.error is not None],
    )


if __name__ == "__main__":
    main()
