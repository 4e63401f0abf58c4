"""The tiny student: a Qwen2.5-VL of under a million random parameters, built on the spot, with no download.

It knows no language but what a release teaches it. It is there so that the whole path can be walked on a CPU.
"""

from collections.abc import Iterable
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
"""Of the vocabulary, pieces learnt from the texts, the 256 bytes among them."""
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
PATCH = 28
"""Pixels of a side of what becomes one token: two patches of 14 by two."""


def build(folder: Path, texts: Iterable[str], seed: int) -> None:
    """Writes weights, tokenizer and processor, as transformers loads them.

    The tokenizer learns its pieces from `texts`, so that they are short in it; the weights are drawn with `seed`.
    """
    tokenizer = _tokenizer(texts)
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(_config(tokenizer))
    text = model.config.text_config
    model.generation_config = GenerationConfig(
        eos_token_id=[text.eos_token_id], pad_token_id=text.pad_token_id, bos_token_id=text.bos_token_id
    )
    model.save_pretrained(folder)
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(min_pixels=PATCH * PATCH, max_pixels=PATCH * PATCH * 64),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=tokenizer.chat_template,
    )
    processor.save_pretrained(folder)


def _tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Pieces may be whole phrases: a release's text repeats itself, and each token costs as much as another.

    They end where a number or a tag begins, so that a number is read the same wherever it stands. A third to a fifth
    of the tokens that pieces of words would be.
    """
    cut = Split(Regex(PIECES), behavior="isolated")
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = Sequence([cut, ByteLevel(add_prefix_space=False, use_regex=False)])
    bpe.decoder = tokenizers.decoders.ByteLevel()
    alphabet = ByteLevel.alphabet()
    bpe.train_from_iterator(
        (said for text in texts for said in (text, *CHAT)),
        BpeTrainer(vocab_size=WORDS, min_frequency=2, initial_alphabet=alphabet, show_progress=False),
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",  # noqa: S106 - not that kind of token
        pad_token="<|endoftext|>",  # noqa: S106
        extra_special_tokens=list(MARKS),
    )
    # TRL knows its own templates by their text, so it stays as it is shipped.
    template = Path(trl.__file__).parent / "chat_templates" / "qwen2_5_vl.jinja"
    made.chat_template = template.read_text(encoding="utf-8")
    return made


def _config(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLConfig:
    """Two layers of text, two of vision."""
    ids = {mark: tokenizer.convert_tokens_to_ids(mark) for mark in MARKS}
    text = {
        "vocab_size": (max(len(tokenizer), *(number + 1 for number in ids.values())) + 63) // 64 * 64,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 32_768,
        "rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 10_000.0},
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "pad_token_id": ids["<|endoftext|>"],
        "tie_word_embeddings": True,
    }
    vision = {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_heads": 4,
        "out_hidden_size": 128,
        "fullatt_block_indexes": [1],
        "window_size": 112,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
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
