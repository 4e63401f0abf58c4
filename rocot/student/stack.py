"""torch, transformers, TRL and PEFT: the one module that imports them, in an order that works.

Importing it takes seconds; a command does so when it trains or answers, and no sooner.
"""
# ruff: noqa: E402 - torchvision must be ready before transformers looks at it

import os
import warnings

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a tokenizer that was used warns in every process it forks

import torch

from rocot.student.operators import declare

declare()

import datasets
import tokenizers
import transformers
import transformers.integrations as trackers
import trl
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel
from safetensors import SafetensorError
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    LogitsProcessor,
    LogitsProcessorList,
    PrinterCallback,
    StoppingCriteria,
    StoppingCriteriaList,
    TrainerCallback,
)
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

# TRL 1.16 uses names that transformers 5.23 gave up; no user can mend that.
warnings.filterwarnings("ignore", r"`\w*gradient_checkpointing\w*` is deprecated", FutureWarning)

datasets.disable_progress_bars()  # the commands tell how far they are
transformers.utils.logging.disable_progress_bar()

__all__ = [
    "AutoModelForImageTextToText",
    "AutoPeftModelForCausalLM",
    "AutoProcessor",
    "DataCollatorForVisionLanguageModeling",
    "GRPOConfig",
    "GRPOTrainer",
    "LogitsProcessor",
    "LogitsProcessorList",
    "LoraConfig",
    "PeftModel",
    "PrinterCallback",
    "SFTConfig",
    "SFTTrainer",
    "SafetensorError",
    "StoppingCriteria",
    "StoppingCriteriaList",
    "TrainerCallback",
    "datasets",
    "tokenizers",
    "torch",
    "trackers",
    "transformers",
    "trl",
]
