"""Which canonical ops stand behind ATen's layers: convolutions, normalisations, pooling, resampling, embedding?"""

from __future__ import annotations

import math

from shortcut_audit.graph.model import Attribute
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule, fitting


def convolution(call: AtenCall) -> str:
    """conv1d, conv2d, conv3d, convolution. Padding may be "same" or "valid"."""
    if call.flag("transposed"):
        return transposed_convolution(call)
    spatial = call.rank("weight") - 2
    dilations = call.repeated("dilation", spatial, 1)
    return _convolved(
        call,
        "Conv",
        spatial,
        strides=call.repeated("stride", spatial, 1),
        pads=_padding(call, spatial, dilations),
        dilations=dilations,
        group=call.integer("groups", 1),
    )


def _convolved(call: AtenCall, kind: str, spatial: int, **attributes: Attribute) -> str:
    """A convolution. An input without a batch gets one of 1, which the canonical ops want, for as long as it takes."""
    given = call.value("input")
    lacking = _lacks_batch(call, given, spatial)
    if lacking:
        given = call.emit("Unsqueeze", given, call.numbers(0))
    found = call.emit(kind, given, call.value("weight"), call.maybe("bias"), **attributes)
    return call.emit("Squeeze", found, call.numbers(0)) if lacking else found


def _lacks_batch(call: AtenCall, given: str, spatial: int) -> bool:
    shape = call.type_of(given).shape
    return shape is not None and len(shape) == spatial + 1


def _padding(call: AtenCall, spatial: int, dilations: tuple[int, ...]) -> tuple[int, ...]:
    """Padding before and behind each axis. "same" pads dilation * (kernel - 1), the odd one behind."""
    given = call.given.get("padding")
    if given == "valid":
        return (0,) * (2 * spatial)
    if given == "same":
        kernel = call.fixed_shape("weight")[2:]
        total = [step * (size - 1) for step, size in zip(dilations, kernel, strict=True)]
        return tuple(pad // 2 for pad in total) + tuple(pad - pad // 2 for pad in total)
    return call.repeated("padding", spatial, 0) * 2


def transposed_convolution(call: AtenCall) -> str:
    """conv_transpose1d, conv_transpose2d, conv_transpose3d, and convolution(transposed=True)."""
    spatial = call.rank("weight") - 2
    return _convolved(
        call,
        "ConvTranspose",
        spatial,
        strides=call.repeated("stride", spatial, 1),
        pads=call.repeated("padding", spatial, 0) * 2,
        output_padding=call.repeated("output_padding", spatial, 0),
        dilations=call.repeated("dilation", spatial, 1),
        group=call.integer("groups", 1),
    )


def time_first_convolution(call: AtenCall) -> str:
    """conv_tbc: an input [time, batch, channels] and a kernel [size, in, out]."""
    given = call.emit("Transpose", call.value("self"), perm=(1, 2, 0))
    weight = call.emit("Transpose", call.value("weight"), perm=(2, 1, 0))
    made = call.emit("Conv", given, weight, call.value("bias"), pads=(call.integer("pad", 0),) * 2)
    return call.emit("Transpose", made, perm=(2, 0, 1))


def deformable_convolution(call: AtenCall) -> str:
    """torchvision::deform_conv2d: DeformConv(X, W, offset, B, mask)."""
    mask = call.value("mask") if call.flag("use_mask", default=True) else None
    strides, pads, dilations = (
        tuple(call.integer(f"{name}_{axis}", default) for axis in "hw")
        for name, default in (("stride", 1), ("pad", 0), ("dilation", 1))
    )
    return call.emit(
        "DeformConv",
        call.value("input"),
        call.value("weight"),
        call.value("offset"),
        call.maybe("bias"),
        mask,
        strides=strides,
        pads=pads * 2,
        dilations=dilations,
        group=call.integer("groups", 1),
        offset_group=call.integer("offset_groups", 1),
    )


def batch_norm(call: AtenCall) -> str:
    """BatchNormalization(X, scale, B, mean, var); which ATen op it was says whether it trains."""
    return call.emit(
        "BatchNormalization",
        call.value("input" if call.has("input") else "self"),
        call.maybe("weight"),
        call.maybe("bias"),
        call.maybe("running_mean"),
        call.maybe("running_var"),
        epsilon=call.fixed("eps", 1e-5),
        training_mode=int(call.flag("training") or call.node.operator == "aten._batch_norm_with_update"),
    )


def weight_norm(call: AtenCall) -> str:
    """_weight_norm, _weight_norm_interface: v * g / |v|, the norm taken over all axes but one."""
    axes = [axis for axis in range(call.rank("v")) if axis != call.axis("dim", "v", 0)]
    length = call.emit("ReduceL2", call.value("v"), call.numbers(*axes), keepdims=1)
    return call.emit("Mul", call.value("v"), call.emit("Div", call.value("g"), length))


def instance_norm(call: AtenCall) -> str:
    """InstanceNormalization(X, scale, B)."""
    given = (call.value("input"), call.maybe("weight"), call.maybe("bias"))
    return call.emit("InstanceNormalization", *given, epsilon=call.fixed("eps", 1e-5))


def layer_norm(call: AtenCall) -> tuple[str, ...]:
    """layer_norm, native_layer_norm: over the last axes, as many as `normalized_shape` names."""
    axes = len(call.items("normalized_shape"))
    given = (call.value("input"), call.maybe("weight"), call.maybe("bias"))
    count = min(3, len(call.node.outputs))
    return call.emit_many("LayerNormalization", given, count, axis=-axes, epsilon=call.fixed("eps", 1e-5))


def rms_norm(call: AtenCall) -> str:
    """rms_norm: over the last axes, as many as `normalized_shape` names."""
    axes = len(call.items("normalized_shape"))
    epsilon = call.fixed("eps") if call.has("eps") else SMALLEST_STEPS.get(call.dtype("input") or "")
    return call.emit("RMSNormalization", call.value("input"), call.maybe("weight"), axis=-axes, epsilon=epsilon)


SMALLEST_STEPS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
"""The distance from 1 to the next number (torch.finfo(dtype).eps), which stands for an epsilon that is left out."""


def group_norm(call: AtenCall) -> str:
    """group_norm(num_groups), native_group_norm(group)."""
    groups = call.integer("num_groups" if call.has("num_groups") else "group")
    given = (call.value("input"), call.maybe("weight"), call.maybe("bias"))
    return call.emit("GroupNormalization", *given, num_groups=groups, epsilon=call.fixed("eps", 1e-5))


def embedding(call: AtenCall) -> str:
    """Rows of a table."""
    return call.emit("Gather", call.value("weight"), call.value("indices"), axis=0)


def dropout(call: AtenCall) -> str:
    """Dropout, of whatever is dropped; in training mode with the ratio that is dropped."""
    given = call.value("input" if call.has("input") else "self")
    if not call.flag("train"):
        return call.emit("Dropout", given)
    return call.emit("Dropout", given, call.value("p"), training=1)


def pooling(kind: str, spatial: int) -> Rule:
    """max_pool2d and its like: kernel_size, stride (the kernel's size by default), padding, dilation, ceil_mode."""

    def rule(call: AtenCall) -> tuple[str, ...]:
        kernel = call.repeated("kernel_size", spatial)
        attributes: dict[str, Attribute] = {
            "kernel_shape": kernel,
            "strides": call.repeated("stride", spatial) if call.given.get("stride") else kernel,
            "pads": call.repeated("padding", spatial, 0) * 2,
            "ceil_mode": int(call.flag("ceil_mode")),
        }
        if kind == "MaxPool":
            attributes["dilations"] = call.repeated("dilation", spatial, 1)
            return _pooled(call, kind, spatial, **attributes)
        divisor = call.integer("divisor_override", 0)
        attributes["count_include_pad"] = 1 if divisor else int(call.flag("count_include_pad", default=True))
        (mean,) = _pooled(call, kind, spatial, **attributes)
        if not divisor:
            return (mean,)
        return (call.emit("Mul", mean, call.scalar(math.prod(kernel) / divisor, call.dtype("self"))),)

    return rule


def _pooled(call: AtenCall, kind: str, spatial: int, **attributes: Attribute) -> tuple[str, ...]:
    """A pooling, and of a maximum where it is; an input without a batch gets one of 1 for as long as it takes."""
    given = call.value("self")
    lacking = _lacks_batch(call, given, spatial)
    if lacking:
        given = call.emit("Unsqueeze", given, call.numbers(0))
    made = call.emit_many(kind, (given,), min(2, len(call.node.outputs)), **attributes)
    return tuple(call.emit("Squeeze", value, call.numbers(0)) for value in made) if lacking else made


def adaptive_average(spatial: int) -> Rule:
    """adaptive_avg_pool2d and its like: to one position, or to a given size."""

    def rule(call: AtenCall) -> str:
        wanted = call.repeated("output_size", spatial)
        if all(size == 1 for size in wanted):
            axes = call.numbers(*range(-spatial, 0))
            return call.emit("ReduceMean", call.value("self"), axes, keepdims=1)
        return call.emit("AdaptiveAveragePool", call.value("self"), output_size=wanted)

    return rule


def adaptive_maximum(spatial: int) -> Rule:
    """adaptive_max_pool2d and its like: windows of equal size, where the sizes divide each other."""

    def rule(call: AtenCall) -> tuple[str, ...]:
        wanted, given = call.repeated("output_size", spatial), call.fixed_shape("self")[-spatial:]
        if len(given) != spatial or any(size <= 0 or have % size for have, size in zip(given, wanted, strict=True)):
            raise Misfit
        kernel = tuple(have // size for have, size in zip(given, wanted, strict=True))
        return _pooled(call, "MaxPool", spatial, kernel_shape=kernel, strides=kernel)

    return rule


def resampling(mode: str, places: str = "half_pixel", nearest: str = "round_prefer_ceil") -> Rule:
    """upsample_nearest2d and its like: to a size, or by factors, which hold for all axes but the first two."""

    def rule(call: AtenCall) -> str:
        source = "input" if call.has("input") else "self"
        value = call.value(source)
        attributes: dict[str, Attribute] = {
            "mode": mode,
            "coordinate_transformation_mode": "align_corners" if call.flag("align_corners") else places,
            "nearest_mode": nearest if mode == "nearest" else None,
            "antialias": int(call.node.operator.endswith("_aa")),
        }
        if call.has("output_size"):
            kept = call.emit("Shape", value, start=0, end=2)
            sizes = call.emit("Concat", kept, call.sizes("output_size"), axis=0)
            return call.emit("Resize", value, None, None, sizes, **attributes)
        factors = tuple(item for item in call.items("scale_factors") if isinstance(item, int | float))
        scales = call.writer.literal((1.0, 1.0, *factors), (2 + len(factors),), "float32")
        return call.emit("Resize", value, None, scales, **attributes)

    return rule


def grid_sample(call: AtenCall) -> str:
    """grid_sampler: an image at given places."""
    mode, padding = call.integer("interpolation_mode"), call.integer("padding_mode")
    with fitting():
        attributes: dict[str, Attribute] = {
            "mode": ("linear", "nearest", "cubic")[mode],
            "padding_mode": ("zeros", "border", "reflection")[padding],
        }
    corners = int(call.flag("align_corners"))
    return call.emit("GridSample", call.value("input"), call.value("grid"), **attributes, align_corners=corners)


def affine_grid(call: AtenCall) -> str:
    """affine_grid_generator: where each pixel of an image of a given size comes from."""
    return call.emit(
        "AffineGrid", call.value("theta"), call.sizes("size"), align_corners=int(call.flag("align_corners"))
    )


def image_to_columns(call: AtenCall) -> str:
    """im2col: each window as a column."""
    return call.emit("Im2Col", call.value("self"), kernel_shape=call.repeated("kernel_size", 2), **_windows(call))


def columns_to_image(call: AtenCall) -> str:
    """col2im: each column added where its window stood."""
    sizes = call.sizes("output_size"), call.numbers(*call.repeated("kernel_size", 2))
    return call.emit("Col2Im", call.value("self"), *sizes, **_windows(call))


def _windows(call: AtenCall) -> dict[str, Attribute]:
    return {
        "strides": call.repeated("stride", 2, 1),
        "pads": call.repeated("padding", 2, 0) * 2,
        "dilations": call.repeated("dilation", 2, 1),
    }


def pixel_shuffle(kind: str, factor: str) -> Rule:
    """pixel_shuffle, pixel_unshuffle: channels to space and back."""
    return lambda call: call.emit(kind, call.value("self"), blocksize=call.integer(factor), mode="CRD")


def pad(call: AtenCall) -> str:
    """Pads are listed from the last axis on, two for each; ONNX lists all that lie before, then all behind."""
    rank, pads = call.rank("self"), call.items("pad" if call.has("pad") else "padding")
    if len(pads) % 2 or len(pads) > 2 * rank:
        raise Misfit
    untouched = (0,) * (rank - len(pads) // 2)
    before, behind = (*untouched, *pads[-2::-2]), (*untouched, *pads[::-2])
    mode = MODES.get(call.node.operator) or MODES.get(call.text("mode", "constant"))
    if mode is None:
        raise Misfit
    fill = call.maybe("value", "self") if mode == "constant" else None
    return call.emit("Pad", call.value("self"), call.vector((*before, *behind)), fill, mode=mode)


MODES = {
    "constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap",
    "aten.reflection_pad1d": "reflect", "aten.reflection_pad2d": "reflect", "aten.reflection_pad3d": "reflect",
    "aten.replication_pad1d": "edge", "aten.replication_pad2d": "edge", "aten.replication_pad3d": "edge",
}  # fmt: skip
"""Pad's mode, by the argument `mode` of aten.pad or by the operator."""


def converted(call: AtenCall) -> str:
    """prims.convert_element_type."""
    return call.cast(call.value("a"), call.text("dtype"))


def glu(call: AtenCall) -> str:
    """The first half times the sigmoid of the second."""
    axis = call.axis("dim", default=-1)
    signal, gate = call.emit_many("Split", (call.value("self"),), 2, axis=axis, num_outputs=2)
    return call.emit("Mul", signal, call.emit("Sigmoid", gate))
