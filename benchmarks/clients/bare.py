"""The bare client: `chat.completions.create`, one call a row, nothing kept before the end."""

import asyncio
from base64 import b64encode
from pathlib import Path

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionContentPartParam

from benchmarks.clients.task import IN_FLIGHT, MODEL, Task
from benchmarks.clients.work import CLASSES
from rocot.core.reply import schema_of


async def main() -> None:
    """As many rows at once as calls in flight."""
    task = Task.given()
    kept: list[tuple[int, str | None]] = []
    numbers = iter(range(task.rows))
    async with AsyncOpenAI(base_url=task.url, api_key="none", max_retries=6) as client:

        async def work() -> None:
            for row in numbers:
                parts: list[ChatCompletionContentPartParam] = []
                for part in task.shown(row):
                    parts += pictured(*part)
                parts.append({"type": "text", "text": task.question})
                reply = await client.chat.completions.create(
                    model=MODEL,
                    messages=[
                        {"role": "system", "content": task.system},
                        {"role": "user", "content": parts},
                    ],
                    response_format={
                        "type": "json_schema",
                        "json_schema": {
                            "name": "answer",
                            "strict": True,
                            "schema": dict(schema_of("grounding", CLASSES)),
                        },
                    },
                    temperature=0.7,
                    max_tokens=1024,
                )
                kept.append((row, reply.choices[0].message.content))

        await asyncio.gather(*[work() for _ in range(IN_FLIGHT)])
    task.tell(kept)


def pictured(stamp: str, path: Path) -> list[ChatCompletionContentPartParam]:
    """A frame behind its time."""
    url = f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}"
    return [{"type": "text", "text": stamp}, {"type": "image_url", "image_url": {"url": url}}]


if __name__ == "__main__":
    asyncio.run(main())
