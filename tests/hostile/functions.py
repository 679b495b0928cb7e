"""Which local functions call what they should not, or too often?"""

from __future__ import annotations

from onnx import AttributeProto, FunctionProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from shortcut_audit.loaders.onnx.metadata import NAME_SCOPES
from tests.hostile.case import UNREAD, Case, audited, reject, same
from tests.hostile.drawing import ADD, CONV, edited, function, graph, model, node, saved
from tests.hostile.graphs import later


def call(name: str, inputs: str = "x", outputs: str = "y") -> NodeProto:
    return helper.make_node(name, inputs.split(), outputs.split(), domain="local")


def calling(*functions: FunctionProto, nodes: tuple[NodeProto, ...] = (call("F"),)) -> ModelProto:
    made = graph()
    made.node.extend(nodes)
    return model(made, functions)


def doubling(levels: int, times: int = 2) -> ModelProto:
    """Each function calls the next one twice: 2**(levels - 1) calls of the last."""
    made = [function(f"F{levels - 1}", "a", "r", node("Relu", "a", "r"))]
    for level in range(levels - 1):
        calls = [call(f"F{level + 1}", f"v{n}" if n else "a", f"v{n + 1}") for n in range(times)]
        made.append(function(f"F{level}", "a", f"v{times}", *calls))
    return calling(*made, nodes=(call("F0"),))


def chained(levels: int) -> ModelProto:
    made = [function(f"F{n}", "a", "r", call(f"F{n + 1}", "a", "r")) for n in range(levels)]
    return calling(*made, function(f"F{levels}", "a", "r", node("Relu", "a", "r")), nodes=(call("F0"),))


def repeated(made: FunctionProto, times: int, *others: FunctionProto) -> ModelProto:
    """Calls in series, of what is small by itself."""
    calls = [call(made.name, f"v{n - 1}" if n else "x", f"v{n}") for n in range(times - 1)]
    return calling(made, *others, nodes=(*calls, call(made.name, f"v{times - 2}", "y")))


def handing_on(count: int) -> ModelProto:
    """A function that makes nothing, and has many names for what it is given."""
    wide = function("Wide", "a", " ".join(["a"] * count))
    caller = function("F", "a", "r", call("Wide", "a", " ".join(f"q{n}" for n in range(count))), node("Relu", "a", "r"))
    return repeated(caller, 1000, wide)


def describing(count: int) -> ModelProto:
    made = function("F", "a", "r", node("Relu", "a", "r"))
    made.value_info.extend(ValueInfoProto(name=f"u{n}") for n in range(count))
    return repeated(made, 1000)


def taking(count: int) -> ModelProto:
    return repeated(function("F", " ".join(["a", *(f"u{n}" for n in range(count))]), "r", node("Relu", "a", "r")), 1000)


def reading(count: int) -> ModelProto:
    return repeated(function("F", "a", "r", node("Max", " ".join(["a"] * count), "r")), 1000)


def storing(count: int) -> ModelProto:
    """What is stored in a body within a function."""
    stored = helper.make_graph([node("Relu", "a", "p")], "b", [], [ValueInfoProto(name="p")])
    stored.initializer.extend(TensorProto(name=f"q{n}", dims=[1], data_type=TensorProto.FLOAT) for n in range(count))
    choice = helper.make_node("If", ["c"], ["r"], then_branch=stored, else_branch=stored)
    return repeated(function("F", "a", "r", helper.make_node("Constant", [], ["c"], value_int=1), choice), 1000)


def listing(count: int) -> ModelProto:
    """Numbers that the call gives, to which every node refers."""
    nodes = [node("Foo", f"v{n - 1}" if n else "a", f"v{n}", domain="local") for n in range(count)]
    for one in nodes:
        one.attribute.append(AttributeProto(name="l", ref_attr_name="l", type=AttributeProto.INTS))
    made = function("F", "a", f"v{count - 1}", *nodes)
    made.attribute_proto.append(helper.make_attribute("l", list(range(1000, 1256))))
    return repeated(made, 1000)


def recording(length: int) -> ModelProto:
    """A record of the exporter that is long, and read again with each call."""
    nodes = [node("Relu", f"v{n - 1}" if n else "a", f"v{n}") for n in range(30)]
    for one in nodes:
        helper.set_metadata_props(one, {NAME_SCOPES: f"['{'m' * length}', 'add']"})
    return repeated(function("F", "a", "v29", *nodes), 1000)


def _as_onnx(made: FunctionProto) -> FunctionProto:
    made.domain = ""
    return made


def _referring(holder: NodeProto, name: str) -> NodeProto:
    """The node with an attribute that stands for one of the call's."""
    holder.attribute.append(AttributeProto(name=name, ref_attr_name=name, type=AttributeProto.INT))
    return holder


def _unused(count: int) -> ModelProto:
    functions = [function(f"F{n}", "a", "r", node("Relu", "a", "r")) for n in range(count)]
    return model(graph(CONV, ADD), functions)


BLOCK = function("Block", "a k", "r", node("Conv", "a k", "f", pads=[1] * 4), node("Add", "f a", "r"))
INSIDE_IF = helper.make_graph([call("F", "a", "i")], "b", [], [ValueInfoProto(name="i")])

LISTED: tuple[Case, ...] = (
    reject(
        "local function that calls itself",
        saved(calling(function("F", "a", "r", call("F", "a", "r")))),
        "local::F calls itself",
    ),
    reject(
        "recursion hidden in an If branch inside the function",
        saved(calling(function("F", "a", "r", node("If", "a", "r", then_branch=INSIDE_IF, else_branch=INSIDE_IF)))),
        "local::F calls itself",
    ),
    reject("40 functions: 2**39 calls when inlined; 4 kB file", saved(doubling(40)), "too large when written out"),
    same(
        "the residual block lives inside a local function (torch.onnx / onnxscript style)",
        saved(calling(BLOCK, nodes=(call("Block", "x w"),))),
    ),
    audited(
        "call to a function that is not defined",
        saved(calling(nodes=(call("Nowhere"),))),
        "local::Nowhere",
        adds=0,
        lower_bound=True,
        uncounted=["local::Nowhere"],
    ),
)

UNLISTED: tuple[Case, ...] = (
    reject(
        "two functions that call each other",
        saved(calling(function("F", "a", "r", call("G", "a", "r")), function("G", "a", "r", call("F", "a", "r")))),
        "calls itself",
    ),
    same(
        "a function that calls itself and that nobody calls",
        saved(calling(BLOCK, function("F", "a", "r", call("F", "a", "r")), nodes=(call("Block", "x w"),))),
    ),
    reject(
        "3 functions: 1000**2 calls when inlined", lambda folder: saved(doubling(3, 1000))(folder), "when written out"
    ),
    reject("calls 100 deep", saved(chained(100)), "more than 64 deep"),
    audited("calls 60 deep", saved(chained(60)), UNREAD, adds=0, ops=1, parameters=0),
    reject("a function defined twice", saved(calling(BLOCK, BLOCK, nodes=(call("Block", "x w"),))), "defined twice"),
    reject("called with more than it takes", saved(calling(BLOCK, nodes=(call("Block", "x w x"),))), "has 3 inputs"),
    reject("called for more than it makes", saved(calling(BLOCK, nodes=(call("Block", "x w", "y z"),))), "2 outputs"),
    reject("called with less than it reads", saved(calling(BLOCK, nodes=(call("Block", "x"),))), "leaves out"),
    reject(
        "a function that reads its caller's tensor",
        saved(calling(function("F", "a", "r", node("Relu", "x", "r")))),
        "reads 'x'",
    ),
    reject("a function whose output nobody makes", saved(calling(function("F", "a", "nowhere"))), "."),
    reject(
        "a function with a cycle",
        saved(calling(function("F", "a", "r", node("Relu", "q", "r"), node("Relu", "r", "q")))),
        "cycle",
    ),
    audited("a function that does nothing", saved(calling(function("F", "a", "a"))), UNREAD, adds=0, parameters=0),
    audited(
        "a function that takes the place of Add",
        edited(lambda made: made.functions.append(_as_onnx(function("Add", "a b", "r", node("Sub", "a b", "r"))))),
        parameter_free=1,
    ),
    audited(
        "a function whose every name is that of another",
        saved(calling(function("F", "x", "y", node("Relu", "x", "y")))),
        UNREAD,
        adds=0,
        parameters=0,
    ),
    same(
        "attributes that refer to what the call does not give",
        saved(
            calling(
                function(
                    "Block",
                    "a k",
                    "r",
                    _referring(node("Conv", "a k", "f", pads=[1] * 4), "group"),
                    node("Add", "f a", "r"),
                ),
                nodes=(call("Block", "x w"),),
            )
        ),
    ),
    *(
        reject(f"a thousand calls, of a function that is wide: {make.__name__}", later(make, count), "too large when")
        for make, count in (
            (handing_on, 1000),
            (describing, 1000),
            (taking, 1000),
            (reading, 1000),
            (storing, 1000),
            (listing, 50),
            (recording, 5000),
        )
    ),
    reject(
        "a function that makes what it may be given",
        saved(
            calling(
                function("F", "a k b", "r", node("Conv", "a k", "b", pads=[1] * 4), node("Sum", "b a", "r")),
                nodes=(call("F", "x w"),),
            )
        ),
        "local::F gives the name of its input 'b' to another tensor",
    ),
    reject(
        "a function that is given two tensors under one name",
        saved(calling(function("F", "a k a", "r", node("Add", "a a", "r")), nodes=(call("F", "x w x"),))),
        "local::F gives the name of its input 'a' to another tensor",
    ),
    same("a thousand functions that nobody calls", lambda folder: saved(_unused(1000))(folder)),
)
