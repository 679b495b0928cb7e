"""Which models are not what the format says a model is?"""

from __future__ import annotations

from onnx import ModelProto, TensorProto, helper

from tests.hostile.case import DEAD, UNREAD, Case, audited, reject, same
from tests.hostile.drawing import CONV, content, drawn, edited, graph, node, weight


def _imports(*versions: tuple[str, int]) -> object:
    def edit(made: ModelProto) -> None:
        del made.opset_import[:]
        made.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in versions)

    return edited(edit)


def _foreign(made: ModelProto) -> None:
    made.graph.node[1].domain = "com.evil"


def _nameless(made: ModelProto) -> None:
    for one in made.graph.node:
        one.name = ""


def _no_operator(made: ModelProto) -> None:
    made.graph.node[1].op_type = ""


def _same_keys(made: ModelProto) -> None:
    for value in ("1", "2"):
        made.metadata_props.add(key="version", value=value)


def _with_default(made: ModelProto) -> None:
    made.graph.initializer.append(weight("x", 1, 4, 8, 8))


def _with_default_beside(made: ModelProto) -> None:
    _with_default(made)
    made.graph.input.add(name="unused")


def _all_listed(made: ModelProto) -> None:
    _with_default(made)
    made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 4, 3, 3]))


LISTED: tuple[Case, ...] = (
    reject(
        "ModelProto without graph",
        content(ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)]).SerializeToString()),
        "no graph",
    ),
    reject("no opset_import", _imports(), "opset_import"),
    same("ir_version -1", edited(lambda made: setattr(made, "ir_version", -1)), "impossible IR version -1"),
    audited(
        "Add in domain com.evil (not ai.onnx Add)",
        edited(_foreign),
        "com.evil::Add",
        adds=0,
        uncounted=["com.evil::Add"],
        lower_bound=True,
    ),
    same("duplicate metadata_props keys", edited(_same_keys)),
    same("every node name empty (legal, common)", edited(_nameless)),
)

UNLISTED: tuple[Case, ...] = (
    reject("opset 0", _imports(("", 0)), "version 0 of ONNX's operators"),
    reject("opset -17", _imports(("", -17)), "version -17"),
    reject("opset 2**62", _imports(("", 2**62)), "does not exist"),
    same("opset 99", _imports(("", 99)), "opset 99; only operators up to"),
    reject("a node of no operator", edited(_no_operator), "names no operator"),
    same("opsets that contradict", _imports(("", 17), ("", 11)), "names several versions of ONNX's operators"),
    same("opset given twice", _imports(("", 17), ("ai.onnx", 17))),
    same("two opsets", _imports(("", 13), ("", 17)), "several versions"),
    reject("operators of others only", _imports(("com.microsoft", 1)), "names no version"),
    reject(
        "no opset_import, in a file of no version", edited(lambda made: made.ClearField("opset_import")), "opset_import"
    ),
    same("no ir_version", edited(lambda made: made.ClearField("ir_version"))),
    same("ir_version 2**63 - 1", edited(lambda made: setattr(made, "ir_version", 2**63 - 1))),
    same("a megabyte of metadata", edited(lambda made: made.metadata_props.add(key="k", value="v" * 2**20))),
    same("a megabyte of documentation", edited(lambda made: setattr(made, "doc_string", "v" * 2**20))),
    same(
        "training information that holds a cycle",
        edited(lambda made: made.training_info.add().algorithm.CopyFrom(graph("a = Relu(b)", "b = Relu(a)"))),
    ),
    same("spelt ai.onnx", edited(lambda made: [setattr(one, "domain", "ai.onnx") for one in made.graph.node])),
    audited("an operator that ONNX does not have", drawn(CONV, "y = Addd(f, x)"), "Addd", adds=0, lower_bound=True),
    same("no graph name", edited(lambda made: made.graph.ClearField("name"))),
    reject(
        "an output that nobody makes", edited(lambda made: made.graph.output.add(name="nowhere")), "made by nothing"
    ),
    same("an output twice", edited(lambda made: made.graph.output.add(name="y"))),
    audited("no outputs", edited(lambda made: made.graph.ClearField("output")), identity=1),
    reject("an input twice", edited(lambda made: made.graph.input.add(name="x")), "declared twice"),
    reject("no inputs", edited(lambda made: made.graph.ClearField("input")), "nothing makes"),
    audited("an output that is an input", edited(lambda made: made.graph.output.add(name="x")), identity=1),
    audited(
        "a node that nobody needs",
        edited(lambda made: made.graph.node.append(node("Relu", "x", "unused"))),
        DEAD,
        identity=1,
        ops=2,
    ),
    audited("nothing but an Identity", drawn("y = Identity(x)"), UNREAD, adds=0, macs=0, parameters=0),
    same("a default for the only input", edited(_with_default), "x: stored, and an input of the model"),
    same("a default for the only input that is used", edited(_with_default_beside), "x: stored, and an input"),
    reject("a default for the input, and every weight an input", edited(_all_listed), "nothing is computed from what"),
    same("the same node names", edited(lambda made: [setattr(one, "name", "n") for one in made.graph.node])),
)
