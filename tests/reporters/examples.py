"""Reports made by hand, as an audit would make them: what the reporters are tried with."""

from __future__ import annotations

from dataclasses import replace

from shortcut_audit.report import (
    AuditReport,
    Change,
    Comparison,
    Failure,
    Finding,
    ForkInfo,
    Layer,
    MergeInfo,
    ModelReport,
    OtherAdd,
    Price,
    Shape,
    Shortcut,
    Side,
    Source,
    Span,
    Step,
    Summary,
    TensorInfo,
    Totals,
    WeightInfo,
    WhatIf,
)
from shortcut_audit.report.words import Kind


def shortcut(  # noqa: PLR0913 -- the row that a reader sees, in its order
    key: str,
    fork: Shape,
    merge: Shape,
    span: Span,
    *,
    kind: Kind = "identity",
    words: str = "",
    route: tuple[Step, ...] = (),
    parameters: int = 0,
    macs: int | None = 0,
    adds: int | None = None,
    held: int | None = None,
    line: int | None = None,
    notes: tuple[str, ...] = (),
) -> Shortcut:
    """One shortcut whose node names follow from its key."""
    roles = {weight.role for step in route for weight in step.weights}
    return Shortcut(
        key=key,
        scope=key.partition("#")[0],
        kind=kind,
        merge=MergeInfo(
            "Add", f"/{key.replace('.', '/')}/Add", merge, None if line is None else Source("net.py", line)
        ),
        fork=ForkInfo(f"/{key.replace('.', '/')}/input", fork),
        route=route,
        weights_in_words=words,
        has_weight=bool(roles - {"bias"}),
        has_bias="bias" in roles,
        parameters=parameters,
        macs=macs,
        elementwise_adds=adds,
        held_bytes=held,
        span=span,
        notes=notes,
    )


IMAGE = (TensorInfo("x", (1, 3, 224, 224), "float32"),)


def _projection(stage: int, narrow: int, wide: int, size: int) -> Shortcut:
    """The first block of a ResNet-18 stage: a 1x1 convolution of stride 2, BatchNorm folded into its bias."""
    scope = f"layer{stage}.0"
    weights = (
        WeightInfo(f"{scope}.downsample.0.weight", (wide, narrow, 1, 1), "weight"),
        WeightInfo(f"{scope}.downsample.0.bias", (wide,), "bias"),
    )
    step = Step(
        "Conv", f"/layer{stage}/{scope}/downsample/Conv", f"1x1, stride 2, {narrow} -> {wide}", "linear", weights
    )
    return shortcut(
        scope,
        (1, narrow, 2 * size, 2 * size),
        (1, wide, size, size),
        # two 3x3 convolutions with a bias; MACs: size² · 9 · (narrow + wide) · wide
        Span(2, 3, 9 * (narrow + wide) * wide + 2 * wide, size * size * 9 * (narrow + wide) * wide),
        kind="projection",
        words=f"conv 1x1/2, {narrow} -> {wide}, bias",
        route=(step,),
        parameters=narrow * wide + wide,
        macs=size * size * narrow * wide,
        adds=wide * size * size,
        held=4 * narrow * 4 * size * size,
        line=101,
    )


def _conv(scope: str, narrow: int, wide: int, size: int, *, stride: int = 1) -> Layer:
    """A 3x3 convolution with a bias; MACs: size² · 9 · narrow · wide."""
    stride_said = f", stride {stride}" if stride > 1 else ""
    detail, shape = f"3x3{stride_said}, {narrow} -> {wide}", (1, wide, size, size)
    return Layer(
        f"/{scope}/Conv", "Conv", detail, scope, shape, 9 * narrow * wide + wide, size * size * 9 * narrow * wide
    )


def _block(key: str, narrow: int, wide: int, size: int) -> tuple[Layer, ...]:
    """The layers of a basic block; where the width changes, its last one is W_s."""
    two = _conv(f"{key}.conv1", narrow, wide, size, stride=wide // narrow), _conv(f"{key}.conv2", wide, wide, size)
    if narrow == wide:
        return two
    detail, weights = f"1x1, stride 2, {narrow} -> {wide}", narrow * wide + wide
    name, scope = f"/{key}/downsample/Conv", f"{key}.downsample.0"
    return *two, Layer(name, "Conv", detail, scope, (1, wide, size, size), weights, size * size * narrow * wide, key)


def _placed(shortcuts: tuple[Shortcut, ...], layers: tuple[Layer, ...]) -> tuple[Shortcut, ...]:
    """Shortcuts that lead around the layers in their own scope."""
    found = []
    for shortcut in shortcuts:
        own = [n for n, one in enumerate(layers) if one.scope.startswith(shortcut.key) and one.shortcut is None]
        after = max(n for n, one in enumerate(layers) if one.scope.startswith(shortcut.key)) + 1
        merge = replace(shortcut.merge, after_layers=after)
        found.append(replace(shortcut, merge=merge, first_layer=own[0], last_layer=own[-1]))
    return tuple(found)


def _identity(key: str, width: int, size: int) -> Shortcut:
    shape = (1, width, size, size)
    span = Span(2, 3, 2 * (9 * width * width + width), 2 * size * size * 9 * width * width)
    return shortcut(key, shape, shape, span, adds=width * size * size, held=4 * width * size * size, line=101)


LAYERS18 = (
    Layer("/conv1/Conv", "Conv", "7x7, stride 2, 3 -> 64", "conv1", (1, 64, 112, 112), 9_472, 118_013_952),
    *_block("layer1.0", 64, 64, 56), *_block("layer1.1", 64, 64, 56),
    *_block("layer2.0", 64, 128, 28), *_block("layer2.1", 128, 128, 28),
    *_block("layer3.0", 128, 256, 14), *_block("layer3.1", 256, 256, 14),
    *_block("layer4.0", 256, 512, 7), *_block("layer4.1", 512, 512, 7),
    Layer("/fc/Gemm", "Gemm", "512 -> 1000", "fc", (1, 1000), 513_000, 512_000),
)  # fmt: skip

RESNET18 = ModelReport(
    source="models/resnet18.onnx",
    format="onnx",
    origin="opset 17, pytorch 2.13.0",
    inputs=IMAGE,
    totals=Totals(49, 8, 11_684_712, 0, 1_814_073_344, lower_bound=False, uncounted=()),
    summary=Summary(
        identity=5,
        parameter_free=0,
        gated=0,
        projection=3,
        extra_parameters=172_928,
        extra_macs=19_267_584,
        elementwise_adds=752_640,
        held_bytes=802_816,
        option="B",
        what_if=WhatIf(
            A=Price(11_511_784, 1_794_805_760),
            B=Price(11_684_712, 1_814_073_344),
            C=Price(12_035_112, 1_878_298_624),
            plain=Price(11_511_784, 1_794_805_760),
        ),
    ),
    shortcuts=_placed(
        (
            _identity("layer1.0", 64, 56),
            _identity("layer1.1", 64, 56),
            _projection(2, 64, 128, 28),
            _identity("layer2.1", 128, 28),
            _projection(3, 128, 256, 14),
            _identity("layer3.1", 256, 14),
            _projection(4, 256, 512, 7),
            _identity("layer4.1", 512, 7),
        ),
        LAYERS18,
    ),
    other_adds=(),
    layers=LAYERS18,
)

LONG = "model.encoder.layers"
TOKENS = (2, 128, 768)


def _transformer_layer(number: int) -> tuple[Shortcut, Shortcut]:
    """A pre-LN layer: attention (four 768x768 maps) and an MLP (768 -> 3072 -> 768), both under a bare copy."""
    attention = Span(4, 14, 4 * (768 * 768 + 768) + 1536, 4 * 256 * 768 * 768 + 2 * 2 * 128 * 128 * 768)
    mlp = Span(2, 5, 2 * 768 * 3072 + 3072 + 768 + 1536, 2 * 256 * 768 * 3072)
    return (
        shortcut(f"{LONG}.{number}.self_attention", TOKENS, TOKENS, attention, adds=196_608, held=786_432, line=57),
        shortcut(f"{LONG}.{number}.feed_forward", TOKENS, TOKENS, mlp, adds=196_608, held=786_432, line=61),
    )


TRANSFORMER = ModelReport(
    source="vit-b.onnx",
    format="onnx",
    origin="opset 20, pytorch 2.13.0",
    inputs=(TensorInfo("input_ids", (2, 128), "int64"), TensorInfo("mask", (2, 128), "int64")),
    totals=Totals(412, 89, 109_482_240, 512, 22_951_231_488, lower_bound=True, uncounted=("com.example::Rotary",)),
    summary=Summary(
        identity=24,
        parameter_free=0,
        gated=0,
        projection=0,
        extra_parameters=0,
        extra_macs=0,
        elementwise_adds=4_718_592,
        held_bytes=786_432,
        option="A",
        what_if=WhatIf(
            A=Price(109_482_240, 22_951_231_488),
            B=Price(109_482_240, 22_951_231_488),
            C=Price(123_657_216, 26_574_848_000),
            plain=Price(109_482_240, 22_951_231_488),
        ),
    ),
    shortcuts=tuple(block for number in range(12) for block in _transformer_layer(number)),
    other_adds=(
        *(
            OtherAdd(
                name=f"/encoder/layers.{number}/self_attention/Add_{slot}",
                op="Add",
                shape=TOKENS,
                reason="constant operand",
                detail="adds a bias of shape 768 to the output of MatMul",
                source=Source("net.py", 40 + slot),
            )
            for number in range(12)
            for slot in range(4)
        ),
        *(
            OtherAdd(
                name=f"/encoder/layers.{number}/self_attention/Add_mask",
                op="Add",
                shape=(2, 12, 128, 128),
                reason="attention logits",
                detail="feeds only a Softmax",
                source=Source("net.py", 49),
            )
            for number in range(12)
        ),
        OtherAdd("/embeddings/Add", "Add", TOKENS, "constant operand", "a position table", ("/embeddings/Add_1",)),
    ),
    notes=("2 nodes stand before what they read; the file is not sorted",),
)

_GATE = Step("Mul", "/layers.0/Mul_1", "", "gate", ())
_GATE_NOTE = "the gate 1 - T(x) is computed from x by linear 50 -> 50, bias: its parameters are the shortcut's"

HIGHWAY = ModelReport(
    source="highway.pt2",
    format="pt2",
    origin="torch 2.13.0",
    inputs=(TensorInfo("x", (1, 784), "float32"),),
    totals=Totals(83, 10, 90_760, 0, 89_700, lower_bound=False, uncounted=()),
    summary=Summary(
        identity=0,
        parameter_free=0,
        gated=10,
        projection=0,
        extra_parameters=25_500,
        extra_macs=25_000,
        elementwise_adds=500,
        held_bytes=200,
        option="mixed",
        what_if=WhatIf(
            A=Price(65_260, 64_700), B=Price(65_260, 64_700), C=Price(90_760, 89_700), plain=Price(65_260, 64_700)
        ),
    ),
    shortcuts=tuple(
        replace(
            shortcut(
                f"layers.{number}",
                (1, 50),
                (1, 50),
                Span(1, 2, 2_550, 2_500),
                kind="gated",
                words="gate: linear 50 -> 50, bias",
                route=(_GATE,),
                parameters=2_550,
                macs=2_500,
                adds=50,
                held=200,
                notes=(_GATE_NOTE,),
            ),
            has_weight=True,
            has_bias=True,
        )
        for number in range(10)
    ),
    other_adds=(),
)

OPEN_SHAPE = ("batch", "seq_len", 256)
ATTENTION = "262144*batch*seq_len + 512*batch*seq_len**2"
BARE = Price(2_832_640, None, macs_formula="2031616*batch*seq_len + 1024*batch*seq_len**2")
UNBOUND = ModelReport(
    source="decoder.onnx",
    format="onnx",
    origin="opset 18",
    inputs=(TensorInfo("tokens", ("batch", "seq_len"), "int64"),),
    totals=Totals(
        61,
        5,
        2_898_176,
        0,
        None,
        lower_bound=False,
        uncounted=(),
        macs_formula="2097152*batch*seq_len + 1024*batch*seq_len**2",
    ),
    summary=Summary(
        identity=2,
        parameter_free=0,
        gated=0,
        projection=1,
        extra_parameters=65_536,
        extra_macs=None,
        extra_macs_formula="65536*batch*seq_len",
        elementwise_adds=None,
        elementwise_adds_formula="768*batch*seq_len",
        held_bytes=None,
        held_bytes_formula="1024*batch*seq_len",
        option="undecided",
        what_if=WhatIf(A=BARE, B=Price(None, None), C=Price(None, None), plain=BARE),
    ),
    shortcuts=(
        shortcut(
            "layers.0",
            OPEN_SHAPE,
            OPEN_SHAPE,
            Span(4, 20, 263_168, None, macs_formula=ATTENTION),
        ),
        shortcut("layers.0#1", OPEN_SHAPE, OPEN_SHAPE, Span(2, 6, 525_568, None, macs_formula="524288*batch*seq_len")),
        shortcut(
            "head",
            OPEN_SHAPE,
            OPEN_SHAPE,
            Span(2, 5, 131_584, None, macs_formula="131072*batch*seq_len"),
            kind="projection",
            words="linear 256 -> 256",
            route=(
                Step(
                    "MatMul",
                    "/head/MatMul",
                    "256 -> 256",
                    "linear",
                    (WeightInfo("head.proj.weight", (256, 256), "weight"),),
                ),
            ),
            parameters=65_536,
            macs=None,
            notes=("the shapes of fork and merge are equal: the paper's option C",),
        ),
    ),
    other_adds=(
        OtherAdd("/embed/Add", "Add", OPEN_SHAPE, "constant operand"),
        OtherAdd("/Add_3", "Add", None, "independent sources", "the operands are computed from different inputs"),
    ),
    symbols=("batch", "seq_len"),
)

_NOTHING = Price(21_616_232, 3_644_493_824)
PLAIN = ModelReport(
    source="plain34.onnx",
    format="onnx",
    origin="opset 17",
    inputs=IMAGE,
    totals=Totals(71, 0, 21_616_232, 0, 3_644_493_824, lower_bound=False, uncounted=()),
    summary=Summary(0, 0, 0, 0, 0, 0, 0, 0, "none", WhatIf(_NOTHING, _NOTHING, _NOTHING, _NOTHING)),
    shortcuts=(),
    other_adds=(),
)

ESCAPES = (
    "\x1b[2J\x1b[1;1Hall good",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x9b31m\x9d0;title\x9c",
    "safe\x08\x08\x08\x08evil",
    "[/bold] [red]not markup[/red] [link=file:///etc/passwd]x[/link]",
    "\u202egnp.lautca\u2066",
    "lay\u200ber1\u2060\ufeff",
    "line\nbreak\r\n::error::fake\u2028and\u2029more\x85end",
    "bytes \udcff\udc80 and half \ud83d a pair",
    "nul\x00 tag \U000e0041 filler \u3164 plane end \uffff",
    "\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{CJK UNIFIED IDEOGRAPH-6F22}\N{COMBINING ACUTE ACCENT}",
    "{0.__class__} %s %n ${x} <script>alert(1)</script>",
)
"""Names that a stranger could write; each must be shown, and none may do anything."""

HOSTILE = ModelReport(
    source="mo\ndel\x1b[31m\udcff.onnx",
    format="onnx",
    origin=f"opset 17, {ESCAPES[0]} 2.0",
    inputs=tuple(TensorInfo(name, (1, name, None), name) for name in ESCAPES),
    totals=Totals(24, 24, 10**70, 2**200, 2**3400, lower_bound=True, uncounted=(*ESCAPES, "op" * 100_000)),
    summary=Summary(12, 0, 0, 0, 10**30, 10**28, None, 10**25, "mixed", WhatIf(*[Price(10**70, 2**3400)] * 4)),
    shortcuts=tuple(
        replace(
            shortcut(
                name,
                (1, name, None),
                None,
                Span(1, 1, 10**28, 2**64),
                words=f"linear {name}",
                route=(Step(name, name, name, "view", (WeightInfo(name, (1,) * 300, "weight"),)),),
                parameters=10**28,
                macs=None,
                notes=(name, "a note\nof two lines"),
            ),
            merge=MergeInfo(name, name, (1,) * 300, Source(name, 0), (name,)),
        )
        for name in ESCAPES
    ),
    other_adds=(
        *(OtherAdd(name, name, (1, name), name, name, (name,), Source(name, 0)) for name in ESCAPES),
        OtherAdd("x" * 1_000_000, "Add", (1,), "constant operand"),
    ),
    symbols=ESCAPES,
    notes=ESCAPES,
)

FINDINGS = (
    Finding(
        "identity-lost",
        "error",
        "models/resnet18.onnx",
        "layer2.0",
        "was an identity and is a projection now: 8,320 parameters and 6,422,528 MACs more; "
        "accept it with --write-baseline shortcuts.json",
    ),
    Finding("strided-pointwise-projection", "note", "models/resnet18.onnx", "layer3.0", "reads a quarter of its input"),
    Finding("too-many-projections", "warning", "models/resnet18.onnx", None, "3 projections; 2 are allowed"),
)

COMPARISON = Comparison(
    source="models/resnet18.onnx",
    against="shortcuts.json",
    counterpart="models/resnet18.onnx",
    unchanged=5,
    changes=(
        Change(
            Side("layer2.0", "identity", (1, 64, 28, 28), (1, 64, 28, 28), 0, 0),
            Side("layer2.0", "projection", (1, 64, 56, 56), (1, 128, 28, 28), 8_320, 6_422_528),
            "grew",
        ),
        Change(None, Side("layer3.1", "identity", (1, 256, 14, 14), (1, 256, 14, 14), 0, 0), "same"),
        Change(Side("layer3.2", "projection", (1, 256, 14, 14), (1, 256, 14, 14), 65_792, None), None, "same"),
    ),
)

JUDGED = AuditReport(
    "0.1.0", (RESNET18, PLAIN), FINDINGS, (Failure("broken.onnx", "empty file; export the model again"),), (COMPARISON,)
)


def report(*models: ModelReport) -> AuditReport:
    """A run that audited these models and had nothing to object to."""
    return AuditReport("0.1.0", models, failing=frozenset())


NOTHING = Price(None, None)
UNKNOWN = replace(
    UNBOUND,
    totals=replace(UNBOUND.totals, macs_formula=None, lower_bound=True),
    summary=replace(
        UNBOUND.summary,
        extra_macs_formula=None,
        elementwise_adds_formula=None,
        held_bytes_formula=None,
        option="mixed",
        what_if=WhatIf(A=NOTHING, B=NOTHING, C=NOTHING, plain=NOTHING),
    ),
)
"""Nothing of it can be priced."""
