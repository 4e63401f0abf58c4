"""The bare client: `chat.completions.create`, one call for each ask, nothing kept before the end."""

import asyncio
from base64 import b64encode
from pathlib import Path

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionContentPartParam, ChatCompletionMessageParam

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task
from benchmarks.clients.work import CLASSES
from rocot.core.reply import Shape, schema_of

SHAPES: tuple[Shape, ...] = ("grounding", "reflection", "grounding")
"""Of the replies to the three asks."""


async def main() -> None:
    """As many rows at once as calls in flight."""
    task = Task.given()
    kept: dict[int, str] = {}
    numbers = iter(range(task.rows))
    async with AsyncOpenAI(base_url=task.url, api_key="none", max_retries=6) as client:

        async def work() -> None:
            for row in numbers:
                kept[row] = await asked(client, task, row)

        await asyncio.gather(*[work() for _ in range(IN_FLIGHT)])
    task.tell(kept.items())


async def asked(client: AsyncOpenAI, task: Task, row: int) -> str:
    """The last answer about a row."""
    parts: list[ChatCompletionContentPartParam] = []
    for part in task.shown(row):
        parts += pictured(*part)
    parts.append({"type": "text", "text": task.texts.question})
    opening: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": task.texts.system},
        {"role": "user", "content": parts},
    ]
    said: list[str] = []
    messages = opening
    for shape in SHAPES[: task.asks]:
        if said:
            first: ChatCompletionMessageParam = {"role": "assistant", "content": said[0]}
            messages = [*opening, first, {"role": "user", "content": task.follow_up(*said)}]
        said.append(await answer(client, messages, shape))
    return said[-1]


async def answer(client: AsyncOpenAI, messages: list[ChatCompletionMessageParam], shape: Shape) -> str:
    """One call."""
    reply = await client.chat.completions.create(
        model=MODEL,
        messages=messages,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": shape, "strict": True, "schema": dict(schema_of(shape, CLASSES))},
        },
        temperature=0.7,
        max_tokens=1024,
    )
    return reply.choices[0].message.content or ""


def pictured(stamp: str, path: Path) -> list[ChatCompletionContentPartParam]:
    """A frame behind its time."""
    url = f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}"
    return [{"type": "text", "text": stamp}, {"type": "image_url", "image_url": {"url": url}}]


if __name__ == "__main__":
    asyncio.run(main())
