"""Rules of form: what no text of a sample may hold."""

import re

from rocot.core.reply import clean
from rocot.core.story import Story

_TAG = re.compile(
    r"</?\s*(?:think|answer|glue|reflection|verdict|reasoning|image|video|tool_call|tool_response)\s*/?>"
    r"|<\|[^|<>\n]{1,40}\|>|\[/?INST\]",
    re.IGNORECASE,
)


def tag_in_text(story: Story) -> str | None:
    """No text holds the tags of a reply or of a chat template: a student's parser would take them for its own."""
    for place, text in story.texts:
        found = _TAG.search(text)
        if found:
            return f"{place}: {found[0]}"
    return None


def control_characters(story: Story) -> str | None:
    """No text holds control characters but tab and newline, or lone surrogates."""
    for place, text in story.texts:
        if clean(text) != text:
            return place
    return None
