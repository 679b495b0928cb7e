"""Which canonical ops stand behind ATen's whole attention layers?

torch.nn.MultiheadAttention and TransformerEncoderLayer run as one op each where nobody trains them. Both are written
out as their Python code has them (torch/nn/modules/activation.py, transformer.py): the encoder layer holds two
additions. Sources: native_functions.yaml; aten/src/ATen/native/transformers/attention.cpp and transformer.cpp.
"""

from __future__ import annotations

from shortcut_audit.loaders.aten.call import AtenCall, Misfit

PADDING, BOTH = 1, 2
"""`mask_type`: of keys for each sequence, or of that and of pairs of positions. Otherwise of pairs of positions."""


def multi_head(call: AtenCall) -> tuple[str | None, ...]:
    """_native_multi_head_attention: the projections of query, key and value, attention, and the one behind it.

    The second result is the weights of the attention, by head or averaged, where they are asked for.
    """
    width, given = call.integer("embed_dim"), [call.given.get(name) for name in ("query", "key", "value")]
    if given[0] == given[1] == given[2]:
        operands = _projected(call, call.value("query"), width)
    else:
        weights = _thirds(call, call.value("qkv_weight"), width, axis=0)
        biases = _thirds(call, call.value("qkv_bias"), width, axis=0)
        operands = tuple(
            call.emit("Linear", call.value(name), weight, bias)
            for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True)
        )
    asked = call.flag("need_weights", default=True)
    made, weights_of_attention = _attended(call, operands, "num_head", asked)
    if asked and call.flag("average_attn_weights", default=True):
        weights_of_attention = call.emit("ReduceMean", weights_of_attention, call.numbers(1), keepdims=0)
    return made, weights_of_attention if asked else None


def encoder_layer(call: AtenCall) -> str:
    """_transformer_encoder_layer_fwd: x + attention, x + feed-forward, normalised before or behind each."""
    before, given = call.flag("norm_first"), call.value("src")
    read = _norm(call, given, 1) if before else given
    projected = _projected(call, read, call.integer("embed_dim"))
    added = call.emit("Add", _attended(call, projected, "num_heads", asked=False)[0], given)
    middle = added if before else _norm(call, added, 1)
    read = _norm(call, middle, 2) if before else middle
    hidden = call.emit("Linear", read, call.value("ffn_weight_1"), call.value("ffn_bias_1"))
    active = call.emit("Gelu" if call.flag("use_gelu") else "Relu", hidden)
    made = call.emit("Add", call.emit("Linear", active, call.value("ffn_weight_2"), call.value("ffn_bias_2")), middle)
    return made if before else _norm(call, made, 2)


def _projected(call: AtenCall, value: str, width: int) -> tuple[str, ...]:
    """Query, key and value of one value: three thirds of one product."""
    joined = call.emit("Linear", value, call.value("qkv_weight"), call.value("qkv_bias"))
    return _thirds(call, joined, width, axis=-1)


def _thirds(call: AtenCall, value: str, width: int, axis: int) -> tuple[str, ...]:
    return call.emit_many("Split", (value, call.numbers(width, width, width)), 3, axis=axis)


def _attended(call: AtenCall, operands: tuple[str, ...], heads: str, asked: bool) -> tuple[str, str]:
    """Attention between [batch, length, width], and the projection behind it; its weights, where they are asked for."""
    count = call.integer(heads)
    attributes = {"q_num_heads": count, "kv_num_heads": count, "qk_matmul_output_mode": 3 if asked else None}
    made = call.emit_many("Attention", (*operands, _mask(call)), 4 if asked else 1, **attributes)
    return call.emit("Linear", made[0], call.value("proj_weight"), call.value("proj_bias")), made[-1]


def _mask(call: AtenCall) -> str | None:
    """Which keys are met, as ONNX has it: PyTorch's mask says which are not."""
    if not call.has("mask"):
        return None
    kind = call.integer("mask_type", 0)
    if kind == BOTH or call.dtype("mask") != "bool":
        raise Misfit
    met = call.emit("Not", call.value("mask"))
    return call.emit("Unsqueeze", met, call.numbers(1, 2)) if kind == PADDING else met


def _norm(call: AtenCall, value: str, number: int) -> str:
    weight, bias = call.value(f"norm_weight_{number}"), call.value(f"norm_bias_{number}")
    return call.emit("LayerNormalization", value, weight, bias, axis=-1, epsilon=call.fixed("eps"))
