"""The bare client: `chat.completions.create`, three calls a clip, nothing kept."""

import asyncio
from base64 import b64encode

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionContentPartParam, ChatCompletionMessageParam

from benchmarks.clients.work import CLASSES, IN_FLIGHT, Clock, arguments, jpegs, stamps, tell
from rocot.assets import load_prompts
from rocot.core.reply import Shape, schema_of

PROMPTS = load_prompts()


async def say(client: AsyncOpenAI, shape: Shape, messages: list[ChatCompletionMessageParam]) -> str:
    """One call."""
    reply = await client.chat.completions.create(
        model="m",
        messages=messages,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": shape, "strict": True, "schema": dict(schema_of(shape, CLASSES))},
        },
        temperature=0.7,
        top_p=1,
        max_tokens=1024,
        seed=0,
    )
    return reply.choices[0].message.content or ""


async def ask(client: AsyncOpenAI, clip: int) -> None:
    """The three calls about a clip."""
    parts: list[ChatCompletionContentPartParam] = []
    for stamp, jpeg in zip(stamps(clip), jpegs(clip), strict=True):
        parts.append({"type": "text", "text": stamp})
        url = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    parts += [{"type": "text", "text": PROMPTS.reason.text}, {"type": "text", "text": PROMPTS.answer_json.text}]
    opening: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": PROMPTS.system.text},
        {"role": "user", "content": parts},
    ]
    first = await say(client, "grounding", opening)
    said: list[ChatCompletionMessageParam] = [*opening, {"role": "assistant", "content": first}]
    found = await say(client, "reflection", [*said, {"role": "user", "content": PROMPTS.reflect.text}])
    await say(client, "grounding", [*said, {"role": "user", "content": PROMPTS.revise.text + found}])


async def main() -> None:
    """As many clips at once as calls in flight."""
    url, clips, _, started = arguments()
    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    begun = Clock.now()
    numbers = iter(range(clips))

    async def work() -> None:
        for clip in numbers:
            await ask(client, clip)

    await asyncio.gather(*[work() for _ in range(IN_FLIGHT)])
    tell(clips, begun, begun.since(Clock(started, 0)), Clock.now())
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())
