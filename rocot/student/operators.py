"""Lets torchvision be imported beside a torch without CUDA.

Image processors of transformers want it, and its published wheel is linked against CUDA. Beside a CPU build of torch
its operators cannot be loaded, and `import torchvision` dies where it registers shapes for two of them
(`operator torchvision::nms does not exist`). Once their names are declared the rest, which is Python, imports.
"""

import importlib
import sys

import torch

OPERATORS = ("nms", "qnms")
"""For boxes of detectors; no student calls them."""

_kept: list[object] = []
"""Declarations last as long as the object that made them."""


def declare() -> None:
    """Imports torchvision, and where that dies declares the operators and imports it again."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in OPERATORS:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _kept.append(library)
        importlib.import_module("torchvision")
