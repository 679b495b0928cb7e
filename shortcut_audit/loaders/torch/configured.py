"""Which module does a configuration of the transformers library describe, and what is it called with?

A few kilobytes of JSON: the kind of model and its sizes. The library's own class of that kind is built from it, on the
meta device. Nothing is downloaded, and no code that comes with the configuration is ever run.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders.inputs import InputSpec
from shortcut_audit.loaders.torch.calling import Example
from shortcut_audit.loaders.torch.framework import torch
from shortcut_audit.loaders.torch.module import load_built
from shortcut_audit.names import displayable

IGNORED = frozenset(
    "auto_map attn_implementation _attn_implementation _attn_implementation_internal experts_implementation "
    "quantization_config custom_pipelines trust_remote_code use_kernels name_or_path _name_or_path "
    "torch_dtype dtype".split()
)
"""Entries of a configuration that lead to code or files elsewhere, or say how weights are held."""

LARGEST = 10**7
"""No size in a configuration is larger: a vocabulary has some 10^6 entries. Layers are counted apart."""

MOST_LAYERS = 1_000

LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers")

SEQUENCE, IMAGE, SAMPLES, FRAMES = 16, 224, 16_000, 8
"""Tokens, pixels along a side, samples of sound and pictures of a film, where the configuration names no number."""


def load_configured(text: bytes, source: str, inputs: Sequence[InputSpec] = ()) -> Draft:
    """The model that the text of a config.json describes, for `inputs`, or for what its library tries it with.

    Raises UnreadableModel when the text describes no model that the library knows, or that cannot be exported,
    UsageError when the library is missing.
    """
    document = _document(text)
    given: Callable[[Any, Any], Example] | None = None
    if inputs:
        from shortcut_audit.loaders.torch.module import zeros_of

        def given(module: Any, device: Any) -> Example:
            return zeros_of(inputs, device)

    with _offline():
        return load_built(lambda: module_of(document), given or example_of, source)


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableModel("its config.json is no JSON document") from None
    if not isinstance(document, dict) or not isinstance(document.get("model_type"), str):
        raise UnreadableModel("its config.json names no model_type, by which transformers knows what to build")
    return cast("dict[str, Any]", _checked(document))


def _checked(value: Any) -> Any:
    """The document without what is ignored. Raises UnreadableModel where a size is no real model's."""
    if isinstance(value, dict):
        for key in LAYERS:
            if isinstance(value.get(key), int) and value[key] > MOST_LAYERS:
                raise UnreadableModel(f"its config.json asks for {value[key]:,} layers, more than {MOST_LAYERS:,}")
        return {key: _checked(item) for key, item in value.items() if key not in IGNORED}
    if isinstance(value, list):
        return [_checked(item) for item in value]
    if isinstance(value, int) and abs(value) > LARGEST:
        return LARGEST  # "no limit", as lengths of sequences have it; no tensor is that long
    return value


def module_of(document: Mapping[str, Any]) -> Any:
    """The module that a configuration describes, built on the current device, in eval mode."""
    transformers = _transformers()
    kind = document["model_type"]
    if kind not in transformers.CONFIG_MAPPING:
        raise UnreadableModel(
            f"transformers {transformers.__version__} knows no model_type '{displayable(str(kind))}'; "
            "code that comes with a model is never run"
        )
    configuration = transformers.CONFIG_MAPPING[kind].from_dict(dict(document))
    return built_from(configuration, document.get("architectures"))


def built_from(configuration: Any, architectures: Any = None) -> Any:
    """The library's module for a configuration: of the architecture that it names, if the library has that."""
    transformers = _transformers()
    configuration.use_cache = False
    names = [name for name in architectures or () if isinstance(name, str) and name.isidentifier()]
    for name in names:
        made: Any = getattr(transformers, name, None)
        if isinstance(made, type) and issubclass(made, transformers.PreTrainedModel):
            build = made._from_config  # type: ignore[attr-defined]  # noqa: SLF001 -- what AutoModel.from_config calls
            return build(configuration).eval()
    return transformers.AutoModel.from_config(configuration, trust_remote_code=False).eval()


def example_of(module: Any, device: Any) -> Example:
    """What a module of the library is called with: its own dummy inputs, and whatever else its kind of model takes."""
    configuration = module.config
    makers: Mapping[str, Callable[[], Any]] = {
        "pixel_values": lambda: _zeros(device, 1, *_picture(configuration)),
        "pixel_values_videos": lambda: _zeros(device, 1, _frames(configuration), *_picture(configuration)),
        "input_values": lambda: _zeros(device, 1, SAMPLES),
        "input_features": lambda: _zeros(device, 1, *_features(configuration)),
    }
    main = module.main_input_name
    found: dict[str, Any] = {}
    if main in makers:
        found[main] = makers[main]()
    else:
        own = {name: value.to(device) for name, value in module.dummy_inputs.items() if torch().is_tensor(value)}
        found |= own if main in own else {main: _tokens(device)}
    if _has(configuration, "vision_config") and _has(configuration, "text_config"):
        found |= {"input_ids": _tokens(device), "pixel_values": makers["pixel_values"]()}
    if getattr(configuration, "is_encoder_decoder", False):
        found.setdefault("decoder_input_ids", _tokens(device))
    return Example((), found)


def _has(configuration: Any, name: str) -> bool:
    return getattr(configuration, name, None) is not None


def _tokens(device: Any) -> Any:
    return torch().zeros((1, SEQUENCE), dtype=torch().int64, device=device)


def _zeros(device: Any, *shape: int) -> Any:
    return torch().zeros(shape, device=device)


def _picture(configuration: Any) -> tuple[int, int, int]:
    of = getattr(configuration, "vision_config", None) or configuration
    size = getattr(of, "image_size", None) or IMAGE
    height, width = (size[0], size[1]) if isinstance(size, list | tuple) else (size, size)
    return getattr(of, "num_channels", None) or 3, height, width


def _frames(configuration: Any) -> int:
    return int(getattr(configuration, "num_frames", None) or FRAMES)


def _features(configuration: Any) -> tuple[int, int]:
    bins = getattr(configuration, "num_mel_bins", None) or getattr(configuration, "input_feat_per_channel", None) or 80
    positions = getattr(configuration, "max_source_positions", None)
    return int(bins), 2 * int(positions) if positions else 3_000


def _transformers() -> Any:
    try:
        import transformers
    except ImportError:
        raise UsageError("a config.json is built by transformers, which is missing: pip install transformers") from None
    return transformers


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Keeps the library from fetching what a configuration names, such as the weights of a backbone."""
    try:
        from huggingface_hub import constants
    except ImportError:
        yield
        return
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
