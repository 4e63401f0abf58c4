"""A student that says what it was made to say, whatever it is shown: no training, and no luck.

Attention and perceptrons are silenced, so that the next token hangs on the last one alone; the output layer knows what
follows what. Each thing it says is one token of its vocabulary.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rocot.core.attempts import Form
from rocot.student.card import Counts, RunCard, write_card
from rocot.student.recipe import Data, Reinforced, Tags, Training
from rocot.student.stack import AutoModelForImageTextToText, AutoProcessor, torch
from rocot.student.tiny import build
from tests.student.classroom import TAUGHT

TURN = "<|im_start|>assistant\n"
"""What stands before a reply."""
END = "<|im_end|>"


def parrot(folder: Path, says: Mapping[str, Sequence[str]], texts: Sequence[str] = ("A clip.", "A flash.")) -> None:
    """Writes a checkpoint that says, after each of the texts, these things and no more."""
    build(folder, texts, seed=0)
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    tokenizer = processor.tokenizer
    spoken = [thing for things in says.values() for thing in things]
    tokenizer.add_tokens(spoken)
    model.resize_token_embeddings(len(tokenizer))
    for name, weight in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")) and "visual" not in name:
            weight.data.zero_()
    head = torch.nn.Linear(model.config.text_config.hidden_size, len(tokenizer), bias=False)
    head.weight.data.zero_()
    known = model.get_input_embeddings().weight.data
    known.copy_(torch.nn.functional.normalize(torch.randn(known.shape, generator=torch.Generator().manual_seed(0))))
    for after, things in says.items():
        last = tokenizer(after, add_special_tokens=False)["input_ids"][-1]
        for thing in (*things, END):
            (token,) = tokenizer(thing, add_special_tokens=False)["input_ids"]
            head.weight.data[token] = 100 * known[last]
            last = token
    model.config.tie_word_embeddings = model.config.text_config.tie_word_embeddings = False
    model.lm_head = head
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def student(
    folder: Path,
    says: Mapping[str, Sequence[str]],
    form: Form = "reflection",
    tags: Tags | None = None,
    taught: Mapping[str, object] | None = None,
) -> Path:
    """A parrot that was taught, as its card says, and writes 16 tokens at most; `taught` is what differs there."""
    parrot(folder, says)
    data = Data(form=form, height=28, tags=tags or Tags())
    recipe = Training(name="parrot", data=data, grpo=Reinforced(longest=16))
    card = RunCard(
        kind="sft",
        model="tiny",
        parameters=1,
        recipe=recipe,
        recipe_digest=recipe.digest,
        taught=TAUGHT.model_copy(update=taught or {}),
        counts=Counts(read=1, used=1, tokens=1, longest=1),
        versions={},
        device="CPU",
    )
    write_card(folder, card)
    return folder
