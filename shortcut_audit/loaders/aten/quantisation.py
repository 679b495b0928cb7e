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


def quantise(call: AtenCall) -> str:
    """quantize_per_tensor, quantize_per_channel."""
    bounds = {name: call.integer(name) for name in ("quant_min", "quant_max") if call.has(name)}
    return call.emit("QuantizeLinear", *_quantised(call), **bounds)


def dequantise(call: AtenCall) -> str:
    """dequantize_per_tensor, dequantize_per_channel."""
    return call.emit("DequantizeLinear", *_quantised(call))


def _quantised(call: AtenCall) -> tuple[str, str, str | None]:
    scale, zero = ("scales", "zero_points") if call.has("scales") else ("scale", "zero_point")
    points, dtype = call.given.get(zero), call.given.get("dtype")
    if isinstance(points, int) and isinstance(dtype, str):
        return call.value("input"), call.value(scale), call.writer.literal((points,), (), dtype)
    return call.value("input"), call.value(scale), call.maybe(zero)


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
