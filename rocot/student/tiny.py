"""The tiny student: a Qwen2.5-VL of a fifth of a million parameters, built on the spot, with no download.

It knows no language but what a release teaches it. It is there so that the whole path can be walked on a CPU, and is
shaped by what a CPU can learn in minutes: 64 wide, one token for 28 x 28 pixels, frames that meet in the text's layers
alone, and a first look at a patch that is a cosine transform.
"""

import math
from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from tokenizers import Regex
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split
from tokenizers.trainers import BpeTrainer
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from rocot.student.stack import tokenizers, torch, trl

WORDS = 2048
"""Pieces that are looked for, the 256 bytes among them."""
RARE = 0.01
"""How often a byte counts that the texts do not have."""
PIECES = r"</?[A-Za-z]\w*>|\.?\d{1,3}"
"""What stands by itself: a tag, and of a number at most three digits."""
MARKS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
CHAT = ("system\nYou are a helpful assistant.", "user\n", "assistant\n")
"""What the chat template adds to every text."""
SIDE = 14
"""Pixels of a patch's side."""
PATCH = 2 * SIDE
"""Pixels of a side of what becomes one token: two patches by two."""
WIDTH = 64
SPREAD = 0.08
"""Of the weights as they are drawn: 0.02, which is usual, is for larger models, and this one is long in leaving it."""
COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (-0.5, 1.0, -0.5))
"""Light, red against blue, green against both."""


def build(folder: Path, texts: Iterable[str], seed: int) -> None:
    """Writes weights, tokenizer and processor, as transformers loads them.

    The tokenizer learns its pieces from `texts`, so that they are short in it; the weights are drawn with `seed`.
    """
    tokenizer = _tokenizer(texts)
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(_config(tokenizer))
    first = model.model.visual.patch_embed.proj.weight
    with torch.no_grad():
        first.copy_(torch.tensor(_cosines(SIDE, len(first)))[:, :, None])
    text = model.config.text_config
    model.generation_config = GenerationConfig(
        eos_token_id=[text.eos_token_id], pad_token_id=text.pad_token_id, bos_token_id=text.bos_token_id
    )
    model.save_pretrained(folder)
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(
            min_pixels=PATCH * PATCH, max_pixels=PATCH * PATCH * 64, patch_size=SIDE, temporal_patch_size=1
        ),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=tokenizer.chat_template,
    )
    processor.save_pretrained(folder)


def _tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Pieces may be whole phrases: a release's text repeats itself, and each token costs as much as another.

    They end where a number or a tag begins, so that a number is read the same wherever it stands. A BPE finds them; of
    its pieces those stay that the texts end up in, and a unigram model takes the likeliest ones. The lessons of 40 s of
    the scenes had 549 tokens with a BPE of 1,024 pieces, and have 227 with this.
    """
    read = [said for text in texts for said in (text, *CHAT)]
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    cut = Split(Regex(PIECES), behavior="isolated")
    bpe.pre_tokenizer = Sequence([cut, ByteLevel(add_prefix_space=False, use_regex=False)])
    learning = BpeTrainer(vocab_size=WORDS, min_frequency=2, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    bpe.train_from_iterator(read, learning)
    used = Counter(piece for text in bpe.encode_batch(read) for piece in text.tokens)
    kept = sorted({*used, *ByteLevel.alphabet()}, key=lambda piece: (-used[piece], piece))
    likely = [(piece, math.log((used[piece] or RARE) / used.total())) for piece in kept]
    whole = tokenizers.Tokenizer(tokenizers.models.Unigram(likely))
    whole.pre_tokenizer = bpe.pre_tokenizer
    whole.decoder = tokenizers.decoders.ByteLevel()
    made = PreTrainedTokenizerFast(
        tokenizer_object=whole,
        eos_token="<|im_end|>",  # noqa: S106 - not that kind of token
        pad_token="<|endoftext|>",  # noqa: S106
        extra_special_tokens=list(MARKS),
    )
    # TRL knows its own templates by their text, so it stays as it is shipped.
    template = Path(trl.__file__).parent / "chat_templates" / "qwen2_5_vl.jinja"
    made.chat_template = template.read_text(encoding="utf-8")
    return made


def _config(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLConfig:
    """Two layers of text; of vision, the patches and what merges them."""
    ids = {mark: tokenizer.convert_tokens_to_ids(mark) for mark in MARKS}
    text = {
        "vocab_size": (max(len(tokenizer), *(number + 1 for number in ids.values())) + 63) // 64 * 64,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": 32_768,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10_000.0},
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "pad_token_id": ids["<|endoftext|>"],
        "tie_word_embeddings": True,
        "initializer_range": SPREAD,
    }
    vision = {
        "depth": 0,  # a block goes frame by frame, at twice the cost of all else
        "hidden_size": WIDTH // 2,
        "intermediate_size": WIDTH,
        "num_heads": 4,
        "out_hidden_size": WIDTH,
        "fullatt_block_indexes": [],
        "window_size": 8 * SIDE,
        "patch_size": SIDE,
        "spatial_merge_size": 2,
        "temporal_patch_size": 1,  # a frame is one picture, not two alike
        "initializer_range": SPREAD,
    }
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def _cosines(side: int, count: int) -> list[list[list[list[float]]]]:
    """`count` filters of 3 colours x `side` x `side`: a two-dimensional DCT-II, from the lowest frequency on.

    Each in light and in two colours against one another, higher ones stronger, as pictures hold less of them. White
    noise, which is usual, tells of a smooth patch little more than its mean.
    """
    places = range(side)
    norms = [math.sqrt((2 if rate else 1) / side) for rate in places]
    waves = [[norms[rate] * math.cos(math.pi * (at + 0.5) * rate / side) for at in places] for rate in places]
    rates = sorted(product(places, places), key=lambda pair: (sum(pair), pair))
    made = []
    for down, across in rates[: math.ceil(count / len(COLOURS))]:
        for number, colour in enumerate(COLOURS):
            scale = (1 + down + across) * (2 if number else 1) / side / math.sqrt(sum(part * part for part in colour))
            made.append([[[scale * part * a * b for b in waves[across]] for a in waves[down]] for part in colour])
    return made[:count]
