"""Which bodies of If, Loop and Scan nest, capture or recurse as none should?"""

from __future__ import annotations

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto, helper

from tests.hostile.case import Case, audited, reject, same
from tests.hostile.drawing import clean, content, edited, field, graph, model, node, saved, varint

CONDITION = "(bool c, float[1, 4, 8, 8] x) => (float[1, 4, 8, 8] y)"
LOOP = "g (int64 n, bool c, float[1, 4, 8, 8] x) => (float[1, 4, 8, 8] y)"
IF = "g " + CONDITION


def body(made: str, *nodes: NodeProto, inputs: str = "") -> GraphProto:
    infos = [[ValueInfoProto(name=name) for name in names.split()] for names in (inputs, made)]
    return helper.make_graph(list(nodes), "b", *infos)


PASS = body("p", node("Identity", "x", "p"))


def nested(levels: int) -> bytes:
    """An If in an If in an If, with an addition at the bottom. Written by hand: encoders refuse to nest so deep."""
    inner = body("r", node("Conv", "x w", "f", pads=[1] * 4), node("Add", "f x", "r")).SerializeToString()
    for _ in range(levels):
        holder = node("If", "c", "r", else_branch=PASS).SerializeToString()
        then = field(1, b"then_branch") + field(6, inner) + varint(20 << 3) + varint(AttributeProto.GRAPH)
        inner = field(1, holder + field(5, then)) + field(12, field(1, b"r"))
    made = holding(node("Identity", "r", "y")).SerializeToString()
    return made + field(7, field(1, holder + field(5, then)))


def holding(*nodes: NodeProto, figure: str = IF) -> ModelProto:
    made = graph(figure=figure)
    made.node.extend(nodes)
    return model(made)


def branches(then_branch: GraphProto, else_branch: GraphProto) -> NodeProto:
    return node("If", "c", "y", then_branch=then_branch, else_branch=else_branch)


def _chain_of_bodies(count: int) -> ModelProto:
    """Each If reads what the one before it made, out of its bodies."""
    nodes = []
    for number in range(count):
        given = f"v{number}" if number else "x"
        inner = body("r", node("Conv", f"{given} w", "f", pads=[1] * 4), node("Add", f"f {given}", "r"))
        nodes.append(node("If", "c", f"v{number + 1}", then_branch=inner, else_branch=inner))
    nodes.append(node("Identity", f"v{count}", "y"))
    return holding(*nodes)


LISTED: tuple[Case, ...] = (
    audited("If nested 10 deep", content(nested(10)), "not listed in an order", identity=1),
    reject("If nested 60 deep: over protobuf's recursion limit", content(nested(60)), "nest deeper"),
    audited(
        "If body captures an outer tensor; an Add inside the body and one outside",
        saved(
            holding(
                node("Conv", "x w", "a", pads=[1] * 4),
                node(
                    "If",
                    "c",
                    "i",
                    then_branch=body("r", node("Conv", "a w", "f", pads=[1] * 4), node("Add", "f a", "r")),
                    else_branch=body("s", node("Identity", "a", "s")),
                ),
                node("Add", "x i", "y"),
            )
        ),
        note="one branch of an If runs",
        identity=2,
    ),
    reject("If without branches", saved(holding(node("If", "c", "y"))), "If 'y' has no then_branch"),
)

UNLISTED: tuple[Case, ...] = (
    reject("If with one branch", saved(holding(node("If", "c", "y", then_branch=PASS))), "no else_branch"),
    reject(
        "a branch that is a number",
        saved(holding(node("If", "c", "y", then_branch=1, else_branch=1))),
        "no then_branch",
    ),
    reject(
        "branches of two and of one output",
        saved(holding(branches(body("p q", node("Identity", "x", "p"), node("Identity", "x", "q")), PASS))),
        "2 outputs where its node needs 1",
    ),
    reject(
        "a branch with inputs",
        saved(holding(branches(body("p", node("Identity", "i", "p"), inputs="i"), PASS))),
        "1 inputs",
    ),
    reject(
        "a branch with a cycle",
        saved(holding(branches(body("p", node("Relu", "q", "p"), node("Relu", "p", "q")), PASS))),
        "cycle",
    ),
    reject(
        "a branch that makes a tensor twice",
        saved(holding(branches(body("p", node("Relu", "x", "p"), node("Relu", "x", "p")), PASS))),
        "twice",
    ),
    reject(
        "a branch that reads nothing's tensor",
        saved(holding(branches(body("p", node("Relu", "nowhere", "p")), PASS))),
        "nowhere",
    ),
    reject("a branch whose output nobody makes", saved(holding(branches(body("nowhere"), PASS))), "nowhere"),
    reject(
        "a branch that reads its own If", saved(holding(branches(body("p", node("Relu", "y", "p")), PASS))), "cycle"
    ),
    audited(
        "a branch that hides the outer tensor under its own name",
        saved(holding(node("Relu", "x", "t"), branches(body("t", node("Tanh", "x", "t")), PASS))),
        note="one branch of an If runs",
        adds=0,
    ),
    audited(
        "500 Ifs in series",
        lambda folder: saved(_chain_of_bodies(500))(folder),
        "one branch of an If runs",
        identity=1000,
    ),
    reject("Loop without a body", saved(holding(node("Loop", "n c x", "y"), figure=LOOP)), "no body"),
    reject(
        "Loop whose body reads too little",
        saved(
            holding(node("Loop", "n c x", "y", body=body("c2 v", node("Relu", "v0", "v"), inputs="i v0")), figure=LOOP)
        ),
        "2 inputs where its node needs 3",
    ),
    audited(
        "Loop that runs 2**63 - 1 times",
        saved(
            holding(
                helper.make_node("Constant", [], ["n"], value_int=2**63 - 1),
                node(
                    "Loop",
                    "n c x",
                    "y",
                    body=body(
                        "c2 v",
                        node("Identity", "c1", "c2"),
                        node("Conv", "v0 w", "f", pads=[1] * 4),
                        node("Add", "f v0", "v"),
                        inputs="i c1 v0",
                    ),
                ),
            )
        ),
        note="all of its steps",
        identity=1,
    ),
    reject("Scan of -1 inputs", saved(holding(node("Scan", "x", "y", body=PASS, num_scan_inputs=-1))), "scans -1"),
    reject(
        "Scan of 2**62 inputs", saved(holding(node("Scan", "x", "y", body=PASS, num_scan_inputs=2**62))), "scans 4611"
    ),
    same(
        "a graph where none belongs",
        edited(lambda made: made.graph.node[0].attribute.append(helper.make_attribute("body", clean().graph))),
        "subgraph that is not looked into",
    ),
)
