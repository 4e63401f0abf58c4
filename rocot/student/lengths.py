"""How long a sample is in tokens, without opening its pictures more than once a size."""

from collections.abc import Sequence

from PIL import Image

from rocot.core.chat import ChatPart, ChatTurn
from rocot.student.stack import AutoProcessor


class Lengths:
    """Counts tokens as a processor makes them."""

    def __init__(self, processor: AutoProcessor) -> None:
        self._processor = processor
        self._pictures: dict[tuple[int, int], int] = {}

    def of(self, turns: Sequence[ChatTurn], said: str, sizes: Sequence[tuple[int, int]]) -> int:
        """Tokens of a prompt and what is said to it; `sizes` are width and height of each picture, pixels."""
        return self._texts(turns) + self._plain(said) + sum(self._picture(size) for size in sizes)

    def _texts(self, turns: Sequence[ChatTurn]) -> int:
        dumped = [turn.model_dump() for turn in turns]
        return self._plain(self._processor.apply_chat_template(dumped, tokenize=False, add_generation_prompt=True))

    def _plain(self, text: str) -> int:
        return len(self._processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _picture(self, size: tuple[int, int]) -> int:
        """Tokens that a picture takes besides its placeholder."""
        if size not in self._pictures:
            turn = ChatTurn(role="user", content=(ChatPart(type="image"),)).model_dump()
            text = self._processor.apply_chat_template([turn], tokenize=False)
            whole = self._processor(images=[Image.new("RGB", size)], text=[text], add_special_tokens=False)
            self._pictures[size] = len(whole["input_ids"][0]) - self._plain(text)
        return self._pictures[size]
