"""Do the audits of one model agree, however it is handed over?

    python tests/pytorch/compare_exports.py [-v] [--sources live,pt2,dynamo,torchscript] [NAME ...]

Builds architectures of `transformers` from small configurations (nothing is downloaded) and audits each as a live
module, as a .pt2 archive, and as an ONNX file of either exporter. All must name the same blocks with the same kinds.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import logging
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
import transformers

from shortcut_audit import audit
from shortcut_audit.loaders.pt2 import archive as pt2
from shortcut_audit.loaders.torch import module as torch_module
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport

TEXT = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
DECODER = {**TEXT, "num_key_value_heads": 2, "max_position_embeddings": 64, "use_cache": False}
IMAGE = {"image_size": 32, "patch_size": 8, "num_channels": 3}
PIXELS = (1, 3, 32, 32)
TOKENS = (1, 7)
MASKED = {"input_ids": TOKENS, "attention_mask": TOKENS}


def text(model: str, config: str, **options: Any) -> Callable[[], tuple[Any, dict[str, Any]]]:
    return build(model, config, {"input_ids": TOKENS}, {**TEXT, **options})


def decoder(model: str, config: str, **options: Any) -> Callable[[], tuple[Any, dict[str, Any]]]:
    return build(model, config, MASKED, {**DECODER, **options})


def vision(model: str, config: str, **options: Any) -> Callable[[], tuple[Any, dict[str, Any]]]:
    return build(model, config, {"pixel_values": PIXELS}, options)


def transformer(model: str, config: str, **options: Any) -> Callable[[], tuple[Any, dict[str, Any]]]:
    sizes = {key: value for key, value in TEXT.items() if key != "vocab_size"}
    return vision(model, config, **{**sizes, **IMAGE, **options})


def build(
    model: str, config: str, inputs: dict[str, tuple[int, ...]], options: dict[str, Any]
) -> Callable[[], tuple[Any, dict[str, Any]]]:
    """How to build an architecture: the module in eval mode, and its example inputs by name."""

    def run() -> tuple[Any, dict[str, Any]]:
        # The fused kernels of the CPU refuse some shapes that exporters then try.
        settings = getattr(transformers, config)(**options, attn_implementation="eager")
        module = getattr(transformers, model)(settings).eval()
        return module, {name: example(name, shape) for name, shape in inputs.items()}

    return run


def example(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.int64) if name.endswith(("ids", "mask")) else torch.ones(shape)


SMALL_STAGES = {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32], "depths": [2, 1, 1, 1]}

ARCHITECTURES: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "resnet": vision("ResNetModel", "ResNetConfig", **SMALL_STAGES, layer_type="basic"),
    "resnet-bottleneck": vision("ResNetModel", "ResNetConfig", **SMALL_STAGES, layer_type="bottleneck"),
    "regnet": vision("RegNetModel", "RegNetConfig", **SMALL_STAGES, groups_width=8),
    "mobilenet-v2": vision("MobileNetV2Model", "MobileNetV2Config", image_size=32),
    "mobilenet-v1": vision("MobileNetV1Model", "MobileNetV1Config", image_size=32),
    "convnext": vision("ConvNextModel", "ConvNextConfig", hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 2, 1]),
    "convnext-v2": vision("ConvNextV2Model", "ConvNextV2Config", hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 2, 1]),
    "bit": vision("BitModel", "BitConfig", embedding_size=32, hidden_sizes=[32, 64], depths=[2, 1], num_groups=8),
    "vit": transformer("ViTModel", "ViTConfig"),
    "deit": transformer("DeiTModel", "DeiTConfig"),
    "beit": transformer("BeitModel", "BeitConfig"),
    "dinov2": transformer("Dinov2Model", "Dinov2Config"),
    "swin": vision(
        "SwinModel",
        "SwinConfig",
        image_size=32,
        patch_size=2,
        embed_dim=8,
        depths=[2, 1],
        num_heads=[2, 4],
        window_size=4,
    ),
    "segformer": vision(
        "SegformerModel",
        "SegformerConfig",
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 24, 32],
        num_attention_heads=[1, 2, 2, 4],
    ),
    "poolformer": vision("PoolFormerModel", "PoolFormerConfig", depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32]),
    "efficientnet": vision(
        "EfficientNetModel",
        "EfficientNetConfig",
        image_size=32,
        width_coefficient=0.25,
        depth_coefficient=0.5,
        hidden_dim=320,
    ),
    "mobilevit": vision(
        "MobileViTModel",
        "MobileViTConfig",
        image_size=32,
        hidden_sizes=[16, 24, 32],
        neck_hidden_sizes=[8, 8, 16, 16, 24, 32, 40],
    ),
    "bert": text("BertModel", "BertConfig"),
    "albert": text("AlbertModel", "AlbertConfig", embedding_size=16),
    "distilbert": build(
        "DistilBertModel",
        "DistilBertConfig",
        {"input_ids": TOKENS},
        {"vocab_size": 99, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    ),
    "roberta": text("RobertaModel", "RobertaConfig"),
    "electra": text("ElectraModel", "ElectraConfig", embedding_size=16),
    "gpt2": build(
        "GPT2Model",
        "GPT2Config",
        MASKED,
        {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4, "use_cache": False},
    ),
    "gpt-j": build(
        "GPTJModel",
        "GPTJConfig",
        MASKED,
        {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4, "use_cache": False},
    ),
    "gpt-neox": build("GPTNeoXModel", "GPTNeoXConfig", MASKED, {**TEXT, "use_cache": False}),
    "opt": build(
        "OPTModel",
        "OPTConfig",
        {"input_ids": TOKENS},
        {
            "vocab_size": 99,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "ffn_dim": 64,
            "word_embed_proj_dim": 32,
            "use_cache": False,
        },
    ),
    "bloom": build(
        "BloomModel",
        "BloomConfig",
        {"input_ids": TOKENS},
        {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4, "use_cache": False},
    ),
    "llama": decoder("LlamaModel", "LlamaConfig"),
    "mistral": decoder("MistralModel", "MistralConfig"),
    "gemma": decoder("GemmaModel", "GemmaConfig", head_dim=8),
    "gemma2": decoder("Gemma2Model", "Gemma2Config", head_dim=8),
    "qwen2": decoder("Qwen2Model", "Qwen2Config"),
    "phi": decoder("PhiModel", "PhiConfig"),
    "falcon": build(
        "FalconModel",
        "FalconConfig",
        {"input_ids": TOKENS},
        {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "use_cache": False},
    ),
    "t5": build(
        "T5Model",
        "T5Config",
        {"input_ids": TOKENS, "decoder_input_ids": TOKENS},
        {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "use_cache": False},
    ),
    "bart": build(
        "BartModel",
        "BartConfig",
        {"input_ids": TOKENS, "decoder_input_ids": TOKENS},
        {
            "vocab_size": 99,
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "use_cache": False,
        },
    ),
    "whisper": build(
        "WhisperModel",
        "WhisperConfig",
        {"input_features": (1, 80, 60), "decoder_input_ids": TOKENS, "decoder_attention_mask": TOKENS},
        {
            "vocab_size": 99,
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "max_source_positions": 30,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 1,
            "use_cache": False,
        },
    ),
    "wav2vec2": build(
        "Wav2Vec2Model",
        "Wav2Vec2Config",
        {"input_values": (1, 1600)},
        {
            **TEXT,
            "conv_dim": [16, 16],
            "conv_stride": [5, 4],
            "conv_kernel": [10, 8],
            "num_conv_pos_embeddings": 16,
            "num_conv_pos_embedding_groups": 4,
            "mask_time_prob": 0.0,
        },
    ),
    "mamba": build(
        "MambaModel",
        "MambaConfig",
        {"input_ids": TOKENS},
        {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4, "use_cache": False},
    ),
    "clip": build(
        "CLIPModel",
        "CLIPConfig",
        {"input_ids": TOKENS, "pixel_values": PIXELS},
        {
            "text_config": {**TEXT, "max_position_embeddings": 16, "projection_dim": 16, "eos_token_id": 2},
            "vision_config": {**{k: v for k, v in TEXT.items() if k != "vocab_size"}, **IMAGE, "projection_dim": 16},
            "projection_dim": 16,
        },
    ),
}
"""Architectures by name."""


def blocks(report: ModelReport) -> list[tuple[str, str]]:
    """Every shortcut's key and kind."""
    return [(shortcut.key.removeprefix("module."), shortcut.kind) for shortcut in report.shortcuts]


def live(module: Any, inputs: dict[str, Any], folder: Path) -> ModelReport:
    return audit_draft(torch_module.load_module(module, (), inputs))


def archive(module: Any, inputs: dict[str, Any], folder: Path) -> ModelReport:
    path = folder / "model.pt2"
    torch.export.save(torch.export.export(module, (), inputs, strict=False), path)
    return audit_draft(pt2.load(path))


def onnx_dynamo(module: Any, inputs: dict[str, Any], folder: Path) -> ModelReport:
    path = folder / "dynamo.onnx"
    torch.onnx.export(module, (), str(path), kwargs=inputs, dynamo=True, verbose=False)
    return audit(str(path))


class ByPosition(torch.nn.Module):
    """A module whose inputs are given by position, as the older exporter wants them."""

    def __init__(self, module: Any, names: Iterable[str]) -> None:
        super().__init__()
        self.module, self.names = module, tuple(names)

    def forward(self, *values: Any) -> Any:
        return self.module(**dict(zip(self.names, values, strict=True)))


def onnx_torchscript(module: Any, inputs: dict[str, Any], folder: Path) -> ModelReport:
    path = folder / "torchscript.onnx"
    wrapped = ByPosition(module, inputs)
    torch.onnx.export(wrapped, tuple(inputs.values()), str(path), dynamo=False, opset_version=17)
    return audit(str(path))


SOURCES: dict[str, Callable[[Any, dict[str, Any], Path], ModelReport]] = {
    "live": live,
    "pt2": archive,
    "dynamo": onnx_dynamo,
    "torchscript": onnx_torchscript,
}


@contextlib.contextmanager
def quiet() -> Iterable[None]:
    """Exporters talk."""
    logging.disable(logging.CRITICAL)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def compare(name: str, sources: Iterable[str], verbose: bool = False) -> str:
    """What is wrong with an architecture; empty where all its audits agree."""
    with quiet():
        torch.manual_seed(0)
        module, inputs = ARCHITECTURES[name]()
    found: dict[str, ModelReport] = {}
    trouble = []
    with tempfile.TemporaryDirectory() as folder:
        for source in sources:
            try:
                with quiet():
                    found[source] = SOURCES[source](module, inputs, Path(folder))
            except Exception as error:  # noqa: BLE001 -- an exporter that fails is told apart, not fatal
                first = str(error).strip().splitlines()[:1]
                trouble.append(f"{source} fails: {type(error).__name__} {first}")
    for source, report in found.items():
        trouble.extend(disagreements(source, found["live"], report))
        if report.totals.uncounted:
            trouble.append(f"{source}: uncounted {report.totals.uncounted}")
    if verbose:
        for source, report in found.items():
            print(
                f"  {source}: {blocks(report)}",
                f"    others: {collections.Counter(other.reason for other in report.other_adds)}",
                sep="\n",
            )
    return "; ".join(trouble)


def names(source: str, report: ModelReport) -> list[tuple[str, str]]:
    """Blocks by module and kind. The older ONNX exporter calls a module's second run "layer_1", others "layer#1"."""
    repeated = r"(#\d+)$" if source != "torchscript" else r"(#\d+|_\d+)$"
    return sorted((re.sub(repeated, "", key), kind) for key, kind in blocks(report))


def disagreements(source: str, reference: ModelReport, report: ModelReport) -> list[str]:
    """In what a report differs from that of the live module."""
    mine, theirs = names(source, report), names(source, reference)
    missing = collections.Counter(theirs) - collections.Counter(mine)
    extra = collections.Counter(mine) - collections.Counter(theirs)
    if not missing and not extra:
        return []
    return [f"{source}: lacks {list(missing)[:4]}, has {list(extra)[:4]} ({len(mine)} for {len(theirs)})"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ARCHITECTURES))
    parser.add_argument("--sources", default="live,pt2,dynamo,torchscript")
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    wrong = 0
    for name in options.names or ARCHITECTURES:
        start = time.time()
        trouble = compare(name, options.sources.split(","), options.v)
        wrong += bool(trouble)
        print(f"{name}: {trouble or 'agree'}  [{time.time() - start:.0f} s]", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
