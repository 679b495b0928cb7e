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
    if importlib.util.find_spec("torchvision") is None:
        sys.meta_path.append(_Stub())


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
    """Called with all that it takes: positions and a mask, and a cache where it has one."""
    import torch
    from transformers import AutoConfig, AutoModel

    config = _small(AutoConfig.for_model(kind))
    model = AutoModel.from_config(config).eval()
    takes = inspect.signature(model.forward).parameters
    if model.main_input_name != "input_ids":
        size = getattr(config, "image_size", 32)
        sides = (size, size) if isinstance(size, int) else tuple(size)
        return model, (), {model.main_input_name: torch.zeros(1, getattr(config, "num_channels", 3), *sides)}
    ids = torch.arange(TOKENS)[None] % 90
    kwargs: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if "decoder_input_ids" in takes:
        return model, (), {**kwargs, "decoder_input_ids": ids, "use_cache": False}
    if "past_key_values" in takes and sum(map(ord, kind)) % 2 == 0:
        with torch.no_grad():
            cache = model(input_ids=ids[:, :PAST], use_cache=True).past_key_values
        kwargs |= {"attention_mask": torch.ones(1, TOKENS + PAST, dtype=torch.int64)}
        kwargs |= {"past_key_values": cache, "use_cache": True}
    elif "use_cache" in takes or "past_key_values" in takes:
        kwargs["use_cache"] = False
    if "position_ids" in takes:
        first = PAST if "past_key_values" in kwargs else 0
        kwargs["position_ids"] = torch.arange(first, first + TOKENS)[None]
    return model, (), kwargs


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
    for part in ("text_config", "vision_config", "encoder", "decoder"):
        inner = getattr(config, part, None)
        if inner is not None and hasattr(inner, "to_dict"):
            _small(inner)
    return config
