"""Which canonical ops stand behind quantisers: those that write integers, and those that only pretend to?"""

from __future__ import annotations

from shortcut_audit.loaders.aten.call import AtenCall

FAKE = """
    fake_quantize_per_tensor_affine fake_quantize_per_tensor_affine_cachemask
    fake_quantize_per_channel_affine fake_quantize_per_channel_affine_cachemask
    _fake_quantize_per_tensor_affine_cachemask_tensor_qparams
    _fake_quantize_learnable_per_tensor_affine _fake_quantize_learnable_per_channel_affine
    fused_moving_avg_obs_fake_quant _fused_moving_avg_obs_fq_helper
""".split()
"""Ops that quantise and dequantise at once: training for a quantised model, and the models that it leaves behind."""

SORTS = ("per_tensor", "per_channel", "per_channel_group", "per_token")
"""How many elements share a scale in PyTorch's own quantised graphs."""

CHOSEN = """
    choose_qparams choose_qparams_symmetric choose_qparams_per_token
    choose_qparams_per_token_asymmetric _choose_qparams_per_token_asymmetric_impl
""".split()
"""Ops that find a scale and a zero point while the model runs."""


def quantise(call: AtenCall) -> str:
    """quantize_per_tensor and its like, with one scale or with many; quantize_affine of torchao, with one a block."""
    return call.emit("QuantizeLinear", *_quantised(call, "dtype", "output_dtype", "float8_dtype"), **_bounds(call))


def dequantise(call: AtenCall) -> str:
    """dequantize_per_tensor and its like, dequantize_affine of torchao."""
    return call.emit("DequantizeLinear", *_quantised(call, "dtype", "input_dtype"))


def chosen(call: AtenCall) -> tuple[str, ...]:
    """choose_qparams and its like: a scale and a zero point that are made to fit what is quantised with them."""
    return call.emit_many("QuantisationOf", (call.value("input"),), 2)


def _bounds(call: AtenCall) -> dict[str, int]:
    """The least and the greatest integer that is written, where they are numbers: computed ones are not known."""
    given = {name: call.given.get(name) for name in ("quant_min", "quant_max")}
    return {name: bound for name, bound in given.items() if isinstance(bound, int)}


def _quantised(call: AtenCall, *types: str) -> tuple[str, str, str | None]:
    """What is read, its scale, and its zero point: a number in the type of the integers, which an argument states."""
    scale, zero = ("scales", "zero_points") if call.has("scales") else ("scale", "zero_point")
    point, dtype = call.given.get(zero) or 0, next((call.given[name] for name in types if call.has(name)), None)
    if isinstance(point, int) and isinstance(dtype, str):
        return _read(call), call.value(scale), call.writer.literal((point,), (), dtype)
    return _read(call), call.value(scale), call.maybe(zero)


def _read(call: AtenCall) -> str:
    return call.value("input" if call.has("input") else "tensor")


def there_and_back(call: AtenCall) -> str:
    """fake_quantize_* and the learnable ones: a quantiser and a dequantiser of one scale and zero point.

    A zero point that is a tensor is fitted to what is quantised, by an observer or by training: it cuts off no sign.
    """
    lowest, highest = call.integer("quant_min"), call.integer("quant_max")
    point = call.given.get("zero_point")
    if isinstance(point, int):
        zero, fitted = call.writer.literal((point,), (), _narrowest(lowest, highest)), None
    else:
        zero, fitted = call.value("zero_point"), 1
    bounds = {"quant_min": lowest, "quant_max": highest, "dynamic": fitted}
    axis = next((call.integer(name) for name in ("axis", "ch_axis") if call.has(name)), None)
    written = call.emit("QuantizeLinear", call.value("self"), call.value("scale"), zero, axis=axis, **bounds)
    return call.emit("DequantizeLinear", written, call.value("scale"), zero, axis=axis)


def _narrowest(lowest: int, highest: int) -> str:
    """The integer type in which all of these numbers fit."""
    if lowest >= 0:
        return "uint8" if highest < 1 << 8 else "uint16" if highest < 1 << 16 else "int32"
    most = max(-lowest, highest + 1)
    return "int8" if most <= 1 << 7 else "int16" if most <= 1 << 15 else "int32"
