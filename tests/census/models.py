"""Which models are counted, and what is each called with?

timm: the smallest model of each family, at its own resolution. transformers: each architecture from a configuration of
two small layers, called with positions and a mask as inputs, and every other one with a cache. No weights are fetched.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from types import ModuleType
from typing import Any

Made = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""A module, and the arguments of its call."""

TOKENS, PAST = 7, 3

LARGEST = 40_000_000
"""Parameters of the largest model of timm that is built."""

SMALL: Mapping[str, Any] = {
    "hidden_size": 32, "d_model": 32, "n_embd": 32, "dim": 32, "embed_dim": 32, "emb_dim": 32, "embedding_size": 32,
    "word_embed_proj_dim": 32, "intermediate_size": 64, "ffn_dim": 64, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
    "n_inner": 64, "hidden_dim": 64, "d_ff": 64, "d_inner": 64, "moe_intermediate_size": 32, "d_kv": 8, "d_head": 8,
    "head_dim": 8, "num_hidden_layers": 2, "n_layer": 2, "n_layers": 2, "num_layers": 2, "encoder_layers": 2,
    "decoder_layers": 2, "num_decoder_layers": 2, "num_attention_heads": 4, "n_head": 4, "n_heads": 4, "num_heads": 4,
    "encoder_attention_heads": 4, "decoder_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 99,
    "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "num_experts_per_tok": 2, "image_size": 32,
    "max_position_embeddings": 64, "n_positions": 64, "num_labels": 3,
    "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8, "kv_lora_rank": 16, "q_lora_rank": 16,
    "rotary_dim": 4,
}  # fmt: skip
"""Sizes that configurations have under one name or another."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the census."""

    name: str
    make: Callable[[], Made]


def entries() -> Iterator[Entry]:
    """Every model, one of each library in turn."""
    for pair in zip_longest(_of_timm(), _of_transformers()):
        yield from (entry for entry in pair if entry is not None)


# -- timm --------------------------------------------------------------------------------------------------------------


class _Named(type):
    """A class of which every attribute is there: its own name."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


def _anything(name: str) -> type:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Named(name, (), {})


class _Stub(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for torchvision, of which timm imports data sets and image transforms that no model needs."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name.split(".", maxsplit=1)[0] != "torchvision":
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> ModuleType:
        module = ModuleType(spec.name)
        module.__path__ = []
        module.__version__ = "0.0.0"  # type: ignore[attr-defined]
        module.__getattr__ = _anything  # type: ignore[attr-defined]
        return module

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def _of_timm() -> Iterator[Entry]:
    if importlib.util.find_spec("timm") is None:
        return
    _without_torchvision()
    import timm
    from timm.models import _registry

    families: dict[str, list[str]] = {}
    for name in timm.list_models():
        families.setdefault(_registry._model_to_module[name] + name.split("_")[0][:5], []).append(name)
    for names in families.values():
        smallest = min(names, key=lambda name: (_rank(name), len(name), name))
        yield Entry(f"timm/{smallest}", partial(_timm, smallest))


def _rank(name: str) -> int:
    """How far a name is from that of the smallest model of its family."""
    sizes = "atto pico femto zepto nano xxtiny xtiny tiny xxsmall xxs extra_small xsmall xs mini 18 m0 s12 small"
    return next((rank for rank, size in enumerate(sizes.split()) if size in name.split("_") or size in name), 99)


def _without_torchvision() -> None:
    try:
        import torchvision  # noqa: F401
    except Exception:  # noqa: BLE001 -- there is none, or none for this torch
        for name in [name for name in sys.modules if name.split(".", maxsplit=1)[0] == "torchvision"]:
            del sys.modules[name]
        sys.meta_path.insert(0, _Stub())


def _timm(name: str) -> Made:
    _without_torchvision()
    import timm
    import torch

    with torch.device("meta"):
        size = sum(weight.numel() for weight in timm.create_model(name).parameters())
    if size > LARGEST:
        raise LookupError(f"{size:,} parameters are more than a census can wait for")
    model = timm.create_model(name).eval()
    return model, (torch.zeros(1, *model.default_cfg["input_size"]),), {}


# -- transformers ------------------------------------------------------------------------------------------------------


def _of_transformers() -> Iterator[Entry]:
    if importlib.util.find_spec("transformers") is None:
        return
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    for kind in sorted(CONFIG_MAPPING_NAMES):
        if kind in MODEL_MAPPING_NAMES:
            yield Entry(f"transformers/{kind}", partial(_transformer, kind))


def _transformer(kind: str) -> Made:
    """The smallest of its architecture that can be called, with all that it takes.

    Small sizes first; where they do not fit together, those that the configuration comes with.
    """
    from transformers import AutoConfig

    trouble: Exception | None = None
    for shrink in (_small, _as_it_is):
        try:
            config = shrink(AutoConfig.for_model(kind))
            model = _built(config)
            return model, (), _first_that_works(kind, model, config)
        except Exception as error:  # noqa: BLE001 -- an architecture that cannot be built or called so
            trouble = trouble or error
    assert trouble is not None, "one of the two was tried"
    raise trouble


def _built(config: Any) -> Any:
    import torch
    from transformers import AutoModel

    with torch.device("meta"):
        size = sum(weight.numel() for weight in AutoModel.from_config(config).parameters())
    if size > LARGEST:
        raise LookupError(f"{size:,} parameters are more than a census can wait for")
    return AutoModel.from_config(config).eval()


def _as_it_is(config: Any) -> Any:
    return config


def _first_that_works(kind: str, model: Any, config: Any) -> dict[str, Any]:
    """Of several ways to call a model, the first that it takes: positions and a mask first, and every modality last."""
    import torch

    trouble: Exception | None = None
    for given in _calls(kind, model, config):
        try:
            with torch.no_grad():
                model(**given)
        except Exception as error:  # noqa: BLE001 -- not to be called so
            trouble = trouble or error
        else:
            return _made_anew(kind, model, given)
    raise trouble or LookupError("nothing that it is called with is known")


def _calls(kind: str, model: Any, config: Any) -> Iterator[dict[str, Any]]:
    """Arguments of a call. A cache is filled by a call before, see `_made_anew`."""
    takes = inspect.signature(model.forward).parameters
    text, seen, heard = _text(takes), _image(takes, config), _audio(takes, config)
    if model.main_input_name == "input_ids":
        yield text
    if model.main_input_name in seen:
        yield seen
    for sound in heard:
        yield sound
        yield {**text, **sound}
    yield {**text, **seen}
    for sound in heard:
        yield {**text, **seen, **sound}
    yield {name: value for name, value in text.items() if name == "input_ids"}


def _text(takes: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    ids = torch.arange(TOKENS)[None] % 90
    every = {
        "input_ids": ids, "attention_mask": torch.ones_like(ids), "position_ids": torch.arange(TOKENS)[None],
        "decoder_input_ids": ids, "bbox": torch.ones(1, TOKENS, 4, dtype=torch.int64), "use_cache": False,
    }  # fmt: skip
    return {name: value for name, value in every.items() if name in takes}


def _image(takes: Mapping[str, Any], config: Any) -> dict[str, Any]:
    import torch

    part = getattr(config, "vision_config", None) or config
    size = getattr(part, "image_size", 32) or 32
    sides = (size, size) if isinstance(size, int) else tuple(size)
    image = torch.zeros(1, getattr(part, "num_channels", 3), *sides)
    return {"pixel_values": image} if "pixel_values" in takes else {}


def _audio(takes: Mapping[str, Any], config: Any) -> list[dict[str, Any]]:
    """Sound as a wave, and as a spectrogram in the layouts that there are."""
    import torch

    part = getattr(config, "audio_config", None) or config
    mels, length = getattr(part, "num_mel_bins", 80), getattr(part, "max_source_positions", 64)
    time = getattr(part, "max_length", 64)
    shapes = [(1, 4000), (1, 1, 4000), (1, mels, 2 * length), (1, time, mels), (1, 64, mels), (1, 1, 64, mels)]
    names = [name for name in ("input_values", "input_features") if name in takes]
    return [{name: torch.zeros(shape)} for name in names for shape in shapes]


def _made_anew(kind: str, model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments; for every other architecture that keeps a cache, behind the tokens in one."""
    import torch

    takes = inspect.signature(model.forward).parameters
    wanted = "past_key_values" in takes and "decoder_input_ids" not in takes and sum(map(ord, kind)) % 2 == 0
    if not wanted or "input_ids" not in given or "pixel_values" in given:
        return given
    try:
        with torch.no_grad():
            cache = model(input_ids=given["input_ids"][:, :PAST], use_cache=True).past_key_values
    except Exception:  # noqa: BLE001 -- it keeps none of this sort
        return given
    behind = {"attention_mask": torch.ones(1, TOKENS + PAST, dtype=torch.int64), "use_cache": True}
    behind["position_ids"] = torch.arange(PAST, PAST + TOKENS)[None]
    return {**given, **{name: value for name, value in behind.items() if name in takes}, "past_key_values": cache}


def _small(config: Any) -> Any:
    """A configuration with every size that it has made small, those of its parts too."""
    for name, size in SMALL.items():
        if isinstance(getattr(config, name, None), int) and not isinstance(getattr(config, name), bool):
            try:
                setattr(config, name, size)
            except Exception:  # noqa: BLE001, S112 -- some are computed
                continue
    if isinstance(getattr(config, "layer_types", None), list):
        config.layer_types = (config.layer_types * 2)[-2:]
    if isinstance(getattr(config, "pad_token_id", None), int) and config.pad_token_id >= SMALL["vocab_size"]:
        config.pad_token_id = 0
    if hasattr(config, "kv_lora_rank"):  # keys are made for each head from what all share
        config.num_key_value_heads = config.num_attention_heads
    for part in ("text_config", "vision_config", "audio_config", "encoder", "decoder"):
        inner = getattr(config, part, None)
        if inner is not None and hasattr(inner, "to_dict"):
            _small(inner)
    return config
