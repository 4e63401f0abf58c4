"""Batches for SFT in which a first attempt may be context and no lesson."""

from collections.abc import Sequence

from rocot.student.stack import AutoProcessor, DataCollatorForVisionLanguageModeling, torch

IGNORED = -100
"""The label of a token that is not learnt."""


class StageAware:
    """TRL's collator for pictures; then the first `context` characters of a completion are taken out of the loss.

    A token that reaches over the end of the first attempt is context. Nothing is ever cut off.
    """

    def __init__(self, processor: AutoProcessor) -> None:
        self._tokenizer = processor.tokenizer
        self._inner = DataCollatorForVisionLanguageModeling(processor, max_length=None, completion_only_loss=True)

    def __call__(self, examples: Sequence[dict[str, object]]) -> "dict[str, torch.Tensor]":
        """A batch of rows with `prompt`, `completion`, `images` and `context`."""
        counts = [self._context(example) for example in examples]
        batch: dict[str, torch.Tensor] = self._inner(
            [{name: value for name, value in example.items() if name != "context"} for example in examples]
        )
        for labels, count in zip(batch["labels"], counts, strict=True):
            learnt = (labels != IGNORED).nonzero()[:count, 0]
            labels[learnt] = IGNORED
        return batch

    def _context(self, example: dict[str, object]) -> int:
        """Tokens of the completion that are context."""
        until = example["context"]
        assert isinstance(until, int)
        if not until:
            return 0
        completion = example["completion"]
        assert isinstance(completion, list)
        text = completion[0]["content"][0]["text"]
        offsets = self._tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)["offset_mapping"]
        return sum(start < until for start, _ in offsets)
