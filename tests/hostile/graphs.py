"""Which graphs are none, or larger and more entangled than any model is?"""

from __future__ import annotations

import random
from collections.abc import Iterable

from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper

from tests.hostile.case import ANYTHING, UNREAD, Case, Maker, audited, reject, same
from tests.hostile.drawing import (
    ADD,
    CONV,
    content,
    drawn,
    edited,
    field,
    graph,
    integers,
    model,
    node,
    saved,
    varint,
    weight,
)

PADS = [1, 1, 1, 1]


def long(
    *nodes: NodeProto, stored: Iterable[TensorProto] = (), inputs: int = 1, outputs: Iterable[str] = ()
) -> ModelProto:
    """A model of many nodes, whose outputs are these, or the last that a node makes.

    Its inputs: x, and x1, x2, ... if there are several. It stores the weight where a node reads it.
    """
    names = ["x", *(f"x{number}" for number in range(1, inputs))]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, 8, 8]) for name in names]
    last = tuple(outputs) or (nodes[-1].output[0],)
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in last]
    read = {name for each in nodes for name in each.input}
    kept = [each for each in (weight(), *stored) if each.name in read or each.name != weight().name]
    return model(helper.make_graph(list(nodes), "g", given, made, kept))


def ladder(blocks: int, branch: str = "Relu") -> ModelProto:
    """Blocks in series: each adds its input to what its branch makes of it."""
    nodes = []
    for block in range(blocks):
        given = f"v{block}" if block else "x"
        nodes.append(_branch(branch, given, f"f{block}"))
        nodes.append(node("Add", f"{given} f{block}", f"v{block + 1}"))
    return long(*nodes)


def _branch(kind: str, given: str, made: str) -> NodeProto:
    return node("Conv", f"{given} w", made, pads=PADS) if kind == "Conv" else node(kind, given, made)


def dense(layers: int) -> ModelProto:
    """Each Sum reads all earlier tensors: n(n-1)/2 edges, 2**(n-1) paths."""
    names = ["x"]
    nodes = []
    for layer in range(1, layers):
        nodes.append(node("Sum", " ".join(names), f"s{layer}"))
        names.append(f"s{layer}")
    return long(*nodes)


def fan(adds: int) -> ModelProto:
    """One tensor that is read by all."""
    nodes = []
    for number in range(adds):
        nodes += [node("Relu", "x", f"f{number}"), node("Add", f"x f{number}", f"y{number}")]
    return long(*nodes, outputs=[f"y{number}" for number in range(adds)])


def nested(skips: int, branch: str = "Relu") -> ModelProto:
    """Down `skips` steps and up again, each step up adding what was there on the way down: a U-Net."""
    nodes = [_branch(branch, f"d{step}" if step else "x", f"d{step + 1}") for step in range(skips)]
    above = f"d{skips}"
    for step in reversed(range(skips)):
        nodes.append(node("Add", f"{above} d{step}" if step else f"{above} x", f"u{step}"))
        above = f"u{step}"
    return long(*nodes)


def from_the_start(adds: int) -> ModelProto:
    """A chain of convolutions that adds the model's input after each."""
    nodes = []
    for number in range(adds):
        given = f"v{number}" if number else "x"
        nodes += [node("Conv", f"{given} w", f"f{number}", pads=PADS), node("Add", f"f{number} x", f"v{number + 1}")]
    return long(*nodes)


def beside(adds: int) -> ModelProto:
    """Two long chains that share nothing but their start, and are added, step by step, to no further use."""
    nodes = []
    for number in range(adds):
        one, other = (f"a{number}", f"b{number}") if number else ("x", "x")
        nodes += [
            node("Conv", f"{one} w", f"a{number + 1}", pads=PADS),
            node("Conv", f"{other} w", f"b{number + 1}", pads=PADS),
            node("Add", f"a{number + 1} b{number + 1}", f"y{number}"),
        ]
    return long(*nodes)


def mesh(width: int, height: int) -> ModelProto:
    """Every crossing adds its neighbours to the left and above: as many paths as there are."""
    nodes = []
    for row in range(height):
        for column in range(width):
            left = f"v{row}_{column - 1}" if column else "x"
            above = f"v{row - 1}_{column}" if row else "x"
            nodes.append(node("Relu", left, f"r{row}_{column}"))
            nodes.append(node("Add", f"r{row}_{column} {above}", f"v{row}_{column}"))
    return long(*nodes)


def thicket(nodes_wanted: int, seed: int = 1) -> ModelProto:
    """Additions and convolutions of whatever was there before, anywhere."""
    rng = random.Random(seed)
    names = ["x"]
    nodes = []
    for number in range(nodes_wanted):
        one, other = rng.choice(names), rng.choice(names)
        nodes.append(node("Add", f"{one} {other}", f"v{number}") if number % 2 else _branch("Conv", one, f"v{number}"))
        names.append(f"v{number}")
    return long(*nodes)


def of_many_inputs(inputs: int) -> ModelProto:
    """A chain that adds one more input of the model at each step, through a nonlinearity."""
    nodes = []
    for number in range(1, inputs):
        given = f"v{number - 1}" if number > 1 else "x"
        nodes += [node("Relu", given, f"r{number}"), node("Add", f"r{number} x{number}", f"v{number}")]
    return long(*nodes, inputs=inputs)


def wide(operands: int) -> ModelProto:
    """One sum of as many convolutions of x."""
    nodes = [node("Conv", "x w", f"f{number}", pads=PADS) for number in range(operands)]
    total = helper.make_node("Sum", ["x", *(f"f{number}" for number in range(operands))], ["y"])
    return long(*nodes, total)


def wide_thicket(operands: int) -> ModelProto:
    """One sum of a chain's every link: each operand is computed from all before."""
    nodes = [_branch("Conv", f"f{n - 1}" if n else "x", f"f{n}") for n in range(operands)]
    total = helper.make_node("Sum", ["x", *(f"f{number}" for number in range(operands))], ["y"])
    return long(*nodes, total)


def chain(nodes: int, kind: str = "Relu") -> ModelProto:
    return long(*(_branch(kind, f"v{n}" if n else "x", f"v{n + 1}") for n in range(nodes)))


def later(make: object, *arguments: object) -> Maker:
    """A model that is only drawn when it is needed."""
    return lambda folder: saved(make(*arguments))(folder)  # type: ignore[operator]


def _reversed(made: ModelProto) -> None:
    nodes = list(reversed(made.graph.node))
    del made.graph.node[:]
    made.graph.node.extend(nodes)


def _listed_as_input(made: ModelProto) -> None:
    made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 4, 3, 3]))


def _nameless_outputs(made: ModelProto) -> None:
    made.graph.node.extend([node("Relu", "x", ""), node("Relu", "x", "")])
    for one in made.graph.node[2:]:
        one.output[:] = [""]


def _group_twice(made: ModelProto) -> None:
    made.graph.node[0].attribute.extend([helper.make_attribute("group", 1), helper.make_attribute("group", 4)])


def _pads(**fields: object) -> Maker:
    """The clean twin, of whose `pads` something is changed: by default there are none, which makes another graph."""

    def edit(made: ModelProto) -> None:
        (pads,) = made.graph.node[0].attribute
        for name, value in fields.items():
            pads.ClearField(name)
            if value is not None:
                pads.MergeFrom(AttributeProto(**{name: value}))

    return edited(edit)


def _first_of_all(made: ModelProto) -> None:
    """As IR version 1 was: no types of attributes, no version of the operators."""
    made.ir_version = 1
    made.ClearField("opset_import")
    made.graph.node[0].attribute[0].ClearField("type")


def _recorded(record: str, nodes: int) -> ModelProto:
    made = chain(nodes)
    for one in made.graph.node:
        helper.set_metadata_props(one, {"pkg.torch.onnx.name_scopes": record})
    return made


def with_conv(attributes: str) -> Maker:
    return drawn(f"f = Conv<{attributes}>(x, w)", ADD)


def with_op(text: str, *stored: TensorProto) -> Maker:
    """The clean twin behind an operator that is given nonsense: it makes `v` of `x`."""
    return drawn(text, "f = Conv<pads = [1, 1, 1, 1]>(v, w)", "y = Add(f, v)", stored=stored)


def survives(what: str, make: Maker, **numbers: object) -> Case:
    """An operator that cannot be what it says: its result has no known shape, the model is still read."""
    return audited(what, make, ANYTHING, **numbers)


def cycle(nodes: int) -> ModelProto:
    return long(*(node("Relu", f"v{(n - 1) % nodes}", f"v{n}") for n in range(nodes)))


def inflated(inputs: int) -> ModelProto:
    return long(helper.make_node("Add", ["x"] * inputs, ["y"]))


def bipartite(count: int) -> ModelProto:
    """An op of which each of many outputs depends on each of as many inputs."""
    values = [node("Relu", "x", f"i{n}") for n in range(count)]
    many = helper.make_node("Mix", [f"i{n}" for n in range(count)], [f"o{n}" for n in range(count)], domain="com.evil")
    return long(*values, many, node("Conv", "o0 w", "f", pads=[1, 1, 1, 1]), node("Add", "f x", "y"))


def softmaxes(count: int) -> ModelProto:
    """x + conv(x), which that many softmaxes read; all of them are outputs."""
    sums = node("Conv", "x w", "f", pads=[1, 1, 1, 1]), node("Add", "f x", "s")
    made = [f"p{number}" for number in range(count)]
    return long(*sums, *(node("Softmax", "s", name) for name in made), outputs=["s", *made])


def _floats(name: str, *numbers: float) -> TensorProto:
    return helper.make_tensor(name, TensorProto.FLOAT, [len(numbers)], numbers)


def _einsum(made: ModelProto, equation: str) -> None:
    made.graph.node[0].CopyFrom(node("Einsum", "x x", "f", equation=equation))


def _fused(kind: str, outputs: str = "f", **attributes: object) -> NodeProto:
    domain = "com.microsoft.nchwc" if kind == "Conv" else "com.microsoft"
    return helper.make_node(kind, ["x", "w"], outputs.split(), domain=domain, **attributes)


def _retyped(number: int) -> bytes:
    """The clean twin, its pads of another type. Written by hand: encoders refuse what does not exist."""
    pads = field(1, b"pads") + field(8, b"\x01" * 4) + varint(20 << 3) + varint(number)
    conv = field(1, b"x") + field(1, b"w") + field(2, b"f") + field(4, b"Conv") + field(5, pads)
    made = model(graph(ADD))
    add = made.graph.node.pop()
    return made.SerializeToString() + field(7, field(1, conv)) + field(7, field(1, add.SerializeToString()))


UNKNOWN = {"identity": 1, "macs": 0, "lower_bound": True, "uncounted": ["Conv"]}
"""What the report says where the shape of the convolution's input cannot be known: a lower bound."""

UNREADABLE = {"identity": 1, "lower_bound": True, "uncounted": ["Einsum"], "parameters": 0}
"""What it says of x + einsum(x, x) with an equation that nobody can read: x beside an op that is not understood."""

LISTED: tuple[Case, ...] = (
    reject("two-node cycle", drawn("a = Relu(b)", "b = Relu(a)", "y = Add(x, b)"), "cycle: Relu.* -> Relu"),
    reject(
        "two nodes produce the same tensor (SSA violation)",
        drawn("a = Relu(x)", "a = Tanh(x)", "y = Add(x, a)"),
        "tensor 'a' is made twice: by Relu 'a' and by Tanh 'a'",
    ),
    same("nodes in reverse order (not topologically sorted, still a DAG)", edited(_reversed), "not listed in an order"),
    same("weights listed as graph inputs too (IR<4 style)", edited(_listed_as_input)),
    same("two nodes with an output named ''", edited(_nameless_outputs), "2 ops lead to no output of the model"),
    reject("Add with 1 input", drawn(CONV, "y = Add(f)"), "Add 'y' has 1 inputs"),
    reject("Add with 5 inputs", drawn(CONV, "y = Add(f, x, x, x, x)"), "Add 'y' has 5 inputs"),
    audited(
        "Add of an initializer (bias)",
        drawn(CONV, "y = Add(f, b)", stored=[weight("b", 4, 1, 1)]),
        reasons=["constant operand"],
    ),
    audited(
        "200 kB op_type", edited(lambda made: setattr(made.graph.node[1], "op_type", "A" * 200_000)), "AAA", adds=0
    ),
    audited("Conv group=-4", with_conv("pads = [1, 1, 1, 1], group = -4"), **UNKNOWN),
    audited("Conv strides [0,0] (division by zero)", with_conv("pads = [1, 1, 1, 1], strides = [0, 0]"), **UNKNOWN),
    audited("Conv kernel_shape negative", with_conv("pads = [1, 1, 1, 1], kernel_shape = [-3, -3]"), **UNKNOWN),
    reject("attribute group given twice (1 and 4)", edited(_group_twice), "attribute 'group' twice"),
    audited("64 residual blocks in series: 2**64 simple paths from X to Y", later(ladder, 64, "Conv"), identity=64),
    audited(
        "64 blocks of a bare Relu: additions without real work",
        later(ladder, 64),
        reasons=["elementwise expression"] * 64,
    ),
    audited(
        "DenseNet-like: each Sum reads all earlier tensors (7 140 edges, 2**119 paths)", later(dense, 120), adds=119
    ),
    audited("one tensor read by 20 000 Adds", later(fan, 20_000), reasons=["elementwise expression"] * 20_000),
    audited(
        "U-Net-like: 600 nested skips (quadratic for naive per-Add reachability)",
        later(nested, 600, "Conv"),
        identity=600,
    ),
    audited("600 nested skips over bare Relus", later(nested, 600), adds=600),
)

UNLISTED: tuple[Case, ...] = (
    reject("a node that reads itself", drawn("a = Relu(a)", "y = Add(x, a)"), "cycle: Relu 'a' -> Relu 'a'"),
    reject("a cycle of 20 000", later(lambda: cycle(20_000)), "cycle: .*…"),
    reject("an input that nothing makes", drawn(CONV, "y = Add(f, nowhere)"), "reads 'nowhere', which nothing makes"),
    reject("a node that makes the model's input", drawn("x = Relu(x)", "y = Add(x, x)"), "tensor 'x' is made twice"),
    reject("a node that makes a stored tensor", drawn("w = Relu(x)", "y = Add(x, x)"), "tensor 'w' is made twice"),
    reject(
        "two outputs of one node of one name", drawn("a, a = Split(x)", "y = Add(a, a)"), "tensor 'a' is made twice"
    ),
    reject("a tensor stored twice", drawn(CONV, ADD, stored=[weight()]), "tensor 'w' is stored twice"),
    reject("an Add of nothing", edited(lambda made: made.graph.node[1].ClearField("input")), "Add 'y' has 0 inputs"),
    reject(
        "an Add of empty names",
        edited(lambda made: made.graph.node[1].input.__setitem__(slice(None), ["", ""])),
        "leaves out",
    ),
    reject("a node with 100 000 inputs", later(lambda: inflated(100_000)), "100000 inputs"),
    reject("1 100 outputs that depend on 1 100 inputs each", later(bipartite, 1_100), "edges between values"),
    audited("a sum that 5 000 softmaxes read", later(softmaxes, 5_000), identity=1),
    reject("a Conv that makes five tensors", drawn("f, a, b, c, d = Conv(x, w)", ADD), "5 outputs"),
    audited("y = x + x", drawn("y = Add(x, x)"), UNREAD, adds=1),
    audited("a chain of 30 000 nodes", later(chain, 30_000), adds=0, ops=30_000),
    audited("3 000 additions of the model's input", later(from_the_start, 3_000), identity=3_000),
    reject("20 000 nested skips", later(nested, 20_000, "Conv"), "seconds of processor time"),
    audited("a sum of 2 000 branches", later(wide, 2_000), adds=1, identity=1),
    audited("a sum of a chain's 500 links", later(wide_thicket, 500), adds=1, identity=500),
    audited("3 000 residual blocks in series", later(ladder, 3_000, "Conv"), identity=3_000),
    reject("210 000 nodes", later(chain, 210_000), "too large when written out"),
    audited("Conv group=0", with_conv("pads = [1, 1, 1, 1], group = 0"), **UNKNOWN),
    audited("Conv group=3 of 4 channels", with_conv("pads = [1, 1, 1, 1], group = 3"), **UNKNOWN),
    audited("Conv dilations [0, -1]", with_conv("pads = [1, 1, 1, 1], dilations = [0, -1]"), **UNKNOWN),
    audited("Conv with one pad", with_conv("pads = [1]"), **UNKNOWN),
    audited("Conv with three strides", with_conv("pads = [1, 1, 1, 1], strides = [1, 1, 1]"), **UNKNOWN),
    audited("Conv pads 2**62", with_conv("pads = [4611686018427387904, 1, 1, 1]"), ANYTHING, reasons=["broadcast"]),
    audited("Conv auto_pad nonsense", with_conv('auto_pad = "\\x1b[2J"'), identity=1),
    audited("Conv kernel_shape that is a text", with_conv('pads = [1, 1, 1, 1], kernel_shape = "3x3"'), identity=1),
    audited("Conv strides that is a number", with_conv("pads = [1, 1, 1, 1], strides = 2"), **UNKNOWN),
    same("Conv pads of no type", _pads(type=None)),
    same("Conv pads of no type, in a file of IR version 1", edited(_first_of_all)),
    same("Conv pads of type 99", content(_retyped(99))),
    reject("Conv pads of type FLOAT", _pads(type=AttributeProto.FLOAT), "'pads' whose value is not"),
    reject("Conv pads that are a number, too", _pads(i=1), "'pads' whose value is not, or not alone"),
    reject("Conv pads without a name", _pads(name=None), "Conv 'f' has an attribute without a name"),
    audited("Conv pads: 70 000", _pads(ints=[1] * 70_000), **UNKNOWN),
    audited("Conv pads that are fractions", _pads(type=AttributeProto.FLOATS, ints=None, floats=[1.0] * 4), **UNKNOWN),
    audited(
        "40 records of the exporter of which each quote may open a string",
        later(_recorded, "['','" + "\\'" * 4900, 40),
        adds=0,
        ops=40,
    ),
    survives(
        "Reshape to [-1, -1]",
        with_op("v = Reshape(x, s)", integers("s", -1, -1)),
        macs=0,
        lower_bound=True,
        reasons=["broadcast"],
    ),
    survives("Reshape to 2**62 x 2**62", with_op("v = Reshape(x, s)", integers("s", 2**62, 2**62)), **UNKNOWN),
    survives("Transpose perm [9, 9, 9, 9]", with_op("v = Transpose<perm = [9, 9, 9, 9]>(x)"), **UNKNOWN),
    survives("Squeeze axis 99", with_op("v = Squeeze(x, a)", integers("a", 99)), **UNKNOWN),
    survives("Unsqueeze of 300 axes", with_op("v = Unsqueeze(x, a)", integers("a", *range(300))), **UNKNOWN),
    survives("Gather axis 9", with_op("v = Gather<axis = 9>(x, a)", integers("a", 0)), **UNKNOWN),
    survives("Slice step 0", with_op("v = Slice(x, a, b, c, d)", *(integers(n, 0) for n in "abcd")), **UNKNOWN),
    survives(
        "Slice step -2**63",
        with_op(
            "v = Slice(x, a, b, c, d)", *(integers(n, v) for n, v in zip("abcd", (0, 1, 0, -(2**63)), strict=True))
        ),
        identity=1,
    ),
    survives("Pad by -2**63", with_op("v = Pad(x, a)", integers("a", *[-(2**63)] * 8)), **UNKNOWN),
    survives("Expand to 2**62", with_op("v = Expand(x, a)", integers("a", 2**62, 1, 1, 1)), identity=1),
    survives("Tile by -1", with_op("v = Tile(x, a)", integers("a", -1, 1, 1, 1)), **UNKNOWN),
    survives(
        "Resize by NaN", with_op("v = Resize(x, , a)", _floats("a", 1.0, 1.0, float("nan"), float("inf"))), **UNKNOWN
    ),
    survives("Resize by -1e308", with_op("v = Resize(x, , a)", _floats("a", 1.0, 1.0, -3e38, 3e38)), **UNKNOWN),
    survives("DepthToSpace blocksize 0", with_op("v = DepthToSpace<blocksize = 0>(x)"), **UNKNOWN),
    survives("SpaceToDepth blocksize -2", with_op("v = SpaceToDepth<blocksize = -2>(x)"), **UNKNOWN),
    survives("MaxPool kernel 0", with_op("v = MaxPool<kernel_shape = [0, 0], strides = [0, 0]>(x)"), **UNKNOWN),
    survives("AveragePool without a kernel", with_op("v = AveragePool(x)"), **UNKNOWN),
    survives(
        "ConvTranspose output_shape -1",
        with_op("v = ConvTranspose<output_shape = [-1, -1]>(x, w)"),
        identity=1,
        lower_bound=True,
    ),
    survives("Split into -1", with_op("v, u = Split(x, a)", integers("a", -1, 2)), identity=1),
    survives("Split into 2**62", with_op("v, u = Split(x, a)", integers("a", 2**62, 2**62)), identity=1),
    survives("TopK of 2**62", with_op("v, u = TopK(x, a)", integers("a", 2**62)), identity=1),
    survives("Einsum of nonsense", with_op('v = Einsum<equation = "......,->->,,">(x)'), identity=1, lower_bound=True),
    survives("Einsum of a megabyte", edited(lambda made: _einsum(made, "a" * 1_000_000)), **UNREADABLE),
    survives(
        "Einsum of 60 000 operands",
        edited(lambda made: _einsum(made, ",".join(["ab"] * 60_000))),
        **UNREADABLE,
    ),
    survives("Concat axis 2**63 - 1", with_op("v = Concat<axis = 9223372036854775807>(x, x)"), **UNKNOWN),
    survives("Flatten axis -99", with_op("v = Flatten<axis = -99>(x)"), identity=1),
    survives("LSTM hidden_size -1", with_op("v = LSTM<hidden_size = -1>(x, w, w)"), identity=1, lower_bound=True),
    survives("Softmax axis 99", with_op("v = Softmax<axis = 99>(x)"), identity=1),
    survives(
        "OneHot of depth 2**62",
        with_op("v = OneHot(x, a, b)", integers("a", 2**62), integers("b", 0, 1)),
        reasons=["broadcast"],
    ),
    # Found by tests/fuzz: what is behind the activation has no maker then.
    survives(
        "a fused convolution whose activation is a list of numbers",
        edited(lambda made: made.graph.node[0].CopyFrom(_fused("Conv", pads=[1, 1, 1, 1], activation=[3, 1000]))),
        identity=1,
        lower_bound=True,
    ),
    survives(
        "a fused addition of which a second result is asked",
        edited(lambda made: made.graph.node[0].CopyFrom(_fused("BiasAdd", outputs="f g"))),
        identity=1,
        lower_bound=True,
    ),
    survives("Cast to 999", with_op("v = Cast<to = 999>(x)"), identity=1),
    survives(
        "GroupNormalization of 0 groups", with_op("v = InstanceNormalization<epsilon = -1.0>(x, w, w)"), identity=1
    ),
)
