import time
from pathlib import Path

import pytest
from onnx import AttributeProto, ValueInfoProto, helper

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import Source
from shortcut_audit.loaders.onnx.metadata import NAME_SCOPES, STACK_TRACE
from tests.loaders.onnx.onnx_models import draft_of, drawing, parsed, refusal

HEADER = '<ir_version: 8, opset_import: ["": 17, "f": 1]>\n'
BLOCK = (
    HEADER
    + """
agraph (float[4] x) => (float[4] y) { h = f.Block(x)  y = f.Block(h) }
<domain: "f", opset_import: ["": 17]>
Block (a) => (b) { r = Relu(a)  b = Add(a, r) }
"""
)


def test_a_call_is_the_body_of_its_function(tmp_path: Path) -> None:
    assert drawing(draft_of(tmp_path, BLOCK)) == [
        "h/r = Relu(x)",
        "h = Add(x, h/r)",
        "y/r = Relu(h)",
        "y = Add(h, y/r)",
    ]


def test_functions_in_functions(tmp_path: Path) -> None:
    model = (
        HEADER
        + """
    agraph (float[4] x) => (float[4] y) { y = f.Outer(x) }
    <domain: "f", opset_import: ["": 17, "f": 1]>
    Outer (a) => (b) { t = f.Inner(a)  b = Neg(t) }
    <domain: "f", opset_import: ["": 17]>
    Inner (a) => (b) { b = Relu(a) }
    """
    )
    assert drawing(draft_of(tmp_path, model)) == ["y/t = Relu(x)", "y = Neg(y/t)"]


def test_attributes_of_the_call_are_put_in_and_defaults_where_it_gives_none(tmp_path: Path) -> None:
    model = parsed(
        HEADER
        + """
    agraph (float[4] x) => (float[4] y) { h = f.Act <slope = 0.25> (x)  y = f.Act(h) }
    <domain: "f", opset_import: ["": 17]>
    Act <slope: float = 0.5> (a) => (b) { b = LeakyRelu <alpha: float = @slope> (a) }
    """
    )
    assert [dict(node.attributes) for node in draft_of(tmp_path, model).nodes] == [{"alpha": 0.25}, {"alpha": 0.5}]


def test_constants_of_a_function_are_its_attributes(tmp_path: Path) -> None:
    model = parsed(
        HEADER
        + """
    agraph (float[4] x) => (float[4] y) { y = f.Shift <by = 3.0> (x) }
    <domain: "f", opset_import: ["": 17]>
    Shift <by> (a) => (b) { c = Constant()  b = Add(a, c) }
    """
    )
    reference = AttributeProto(name="value_float", ref_attr_name="by", type=AttributeProto.FLOAT)
    model.functions[0].node[0].attribute.append(reference)
    draft = draft_of(tmp_path, model)
    assert drawing(draft) == ["y = Add(x, y/c)"]
    assert [(tensor.name, tensor.data) for tensor in draft.tensors] == [("y/c", (3.0,))]


def test_what_a_call_leaves_out_is_left_out_inside(tmp_path: Path) -> None:
    model = (
        HEADER
        + """
    agraph (float[4] x) => (float[4] y) { y = f.Limit(x) }
    <domain: "f", opset_import: ["": 17]>
    Limit (a, low, high) => (b, unused) { b = Clip(a, low, high)  unused = Neg(b) }
    """
    )
    assert drawing(draft_of(tmp_path, model)) == ["y = Clip(x, _, _)", "y/unused = Neg(y)"]


def test_what_a_function_only_hands_on_keeps_both_names(tmp_path: Path) -> None:
    model = (
        HEADER
        + """
    agraph (float[4] x) => (float[4] y, float[4] z) { y, z = f.Same(x) }
    <domain: "f", opset_import: ["": 17]>
    Same (a) => (a, a) { }
    """
    )
    assert drawing(draft_of(tmp_path, model)) == ["y = Identity(x)", "z = Identity(x)"]


def test_bodies_within_functions_see_the_function(tmp_path: Path) -> None:
    model = (
        HEADER
        + """
    agraph (float[4] x, bool b) => (float[4] y) { y = f.Choose(b, x) }
    <domain: "f", opset_import: ["": 17]>
    Choose (c, v) => (w) {
        w = If (c) <
            then_branch = g () => (float[4] t) { t = Neg(v) },
            else_branch = h () => (float[4] t) { t = Abs(v) }
        >
    }
    """
    )
    assert drawing(draft_of(tmp_path, model)) == [
        "y/w/then_branch/t = Neg(x)",
        "y/w/else_branch/t = Abs(x)",
        "y = If(b, y/w/then_branch/t, y/w/else_branch/t)",
    ]


def test_nodes_of_a_function_stand_where_they_say_or_where_the_call_stands(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    first, second = model.graph.node
    first.name = "first"
    helper.set_metadata_props(second, {NAME_SCOPES: "['', 'layer2', 'call']", STACK_TRACE: 'File "net.py", line 7'})
    relu, add = model.functions[0].node
    relu.name = "act"
    helper.set_metadata_props(add, {NAME_SCOPES: "['', 'layer9', 'add']"})
    assert [(node.name, node.scope, node.source) for node in draft_of(tmp_path, model).nodes] == [
        ("first/act", "Block", None),
        ("", "layer9", None),
        ("act", "layer2", Source("net.py", 7)),
        ("", "layer9", Source("net.py", 7)),
    ]


def test_a_call_of_what_is_not_defined_stays_opaque(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, HEADER + "agraph (float[4] x) => (float[4] y) { y = f.Block(x) }")
    assert drawing(draft) == ["y = f::Block(x)"]
    assert (draft.notes, draft.undefined) == ((), ("f::Block",))
    assert assemble(draft).notes == (
        "f::Block: defined neither by ONNX, nor by ONNX Runtime, nor in the file; it stays opaque",
    )


@pytest.mark.parametrize("norm", ["SimplifiedLayerNormalization", "LayerNormalization"])
def test_an_operator_that_onnx_runtime_puts_among_onnx_s_own_is_no_stranger(tmp_path: Path, norm: str) -> None:
    """Its schemas say so (contrib_defs.cc), of LayerNormalization before opset 17, too."""
    text = f"""<ir_version: 8, opset_import: ["": 14]>
        agraph (float[4] x) => (float[4] y) <float[4] s = {{1, 1, 1, 1}}>
        {{ y = {norm}(x, s) }}"""
    assert assemble(draft_of(tmp_path, text)).notes == ()


def test_a_function_of_another_opset_is_remarked_on(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, BLOCK.replace('"f", opset_import: ["": 17]', '"f", opset_import: ["": 18]'))
    assert draft.notes == ("Block: written for opset 18, in a model of opset 17",)


def test_a_function_that_names_several_opsets_is_remarked_on(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.functions[0].opset_import.append(helper.make_opsetid("ai.onnx", 11))
    assert draft_of(tmp_path, model).notes == ("Block: names several versions of ONNX's operators; read as opset 17",)
    model.functions[0].opset_import.append(helper.make_opsetid("", 18))
    assert draft_of(tmp_path, model).notes == (
        "Block: names several versions of ONNX's operators; read as opset 18",
        "Block: written for opset 18, in a model of opset 17",
    )


RECURSION = (
    HEADER
    + """
agraph (float[4] x) => (float[4] y) { y = f.Block(x) }
<domain: "f", opset_import: ["": 17, "f": 1]>
Block (a) => (b) { r = Relu(a)  b = f.Other(r) }
<domain: "f", opset_import: ["": 17, "f": 1]>
Other (a) => (b) { b = f.Block(a) }
"""
)
HIDDEN = (
    HEADER
    + """
agraph (float[4] x) => (float[4] y) { y = f.Block(x) }
<domain: "f", opset_import: ["": 17, "f": 1]>
Block (a) => (b) {
    c = Constant <value_int = 1> ()
    b = If (c) <
        then_branch = g () => (float[4] t) { t = f.Block(a) },
        else_branch = h () => (float[4] t) { t = Relu(a) }
    >
}
"""
)


@pytest.mark.parametrize("model", [RECURSION, HIDDEN])
def test_a_function_that_calls_itself_is_refused_by_name(tmp_path: Path, model: str) -> None:
    assert refusal(tmp_path, model) == "the function f::Block calls itself, which the format forbids"


def test_a_body_that_does_not_say_that_it_is_one_hides_nothing(tmp_path: Path) -> None:
    model = parsed(HIDDEN)
    body = model.functions[0].node[1].attribute[0]
    body.ClearField("type")
    assert "the function f::Block calls itself" in refusal(tmp_path, model)
    body.type = AttributeProto.FLOAT
    assert "an attribute 'then_branch' whose value is not, or not alone, what its type says" in refusal(tmp_path, model)


def chain(calls: int, functions: int) -> str:
    """Functions of which each calls the next so many times."""
    inner = [
        f'<domain: "f", opset_import: ["": 17, "f": 1]> F{i} (a) => (z) {{ '
        + " ".join(f"{'z' if call + 1 == calls else f'u{call}'} = f.F{i + 1}(a)" for call in range(calls))
        + " }"
        for i in range(functions - 1)
    ]
    last = f'<domain: "f", opset_import: ["": 17]> F{functions - 1} (a) => (z) {{ z = Relu(a) }}'
    return "\n".join([HEADER, "agraph (float[4] x) => (float[4] y) { y = f.F0(x) }", *inner, last])


def test_a_model_that_would_explode_is_refused_before_it_does(tmp_path: Path) -> None:
    start = time.process_time()
    # One call in the graph, 2 in F0, 4 in all F1 ... 2^39 in F38, 2^39 Relu: 2^40 - 1 + 2^39, some 1.6e12
    assert refusal(tmp_path, chain(2, 40)) == (
        "is too large when written out: its nodes and tensors weigh more than 2,000,000, where a node weighs some 20; "
        "audit a part of it (onnx.utils.extract_model)"
    )
    assert "too large" in refusal(tmp_path, chain(4, 40))
    assert time.process_time() - start < 2


def test_what_weighs_is_not_only_nodes(tmp_path: Path) -> None:
    """A thousand calls are far from the limit, but not a thousand calls that each name a thousand tensors."""
    calls = " ".join(f"v{i} = f.F({f'v{i - 1}' if i else 'x'})" for i in range(1000))
    text = (
        HEADER
        + f"""
    agraph (float[4] x) => (float[4] v999) {{ {calls} }}
    <domain: "f", opset_import: ["": 17]> F (a) => (z) {{ z = Max(a, a) }}
    """
    )
    assert len(draft_of(tmp_path, text).nodes) == 1000
    read, described, given, handed_on = (parsed(text) for _ in range(4))
    read.functions[0].node[0].input.extend(["a"] * 1000)
    described.functions[0].value_info.extend(ValueInfoProto(name=f"u{i}") for i in range(1000))
    given.functions[0].input.extend(f"u{i}" for i in range(1000))
    handed_on.functions[0].output.extend(["a"] * 150)
    for model in (read, described, given, handed_on):
        assert "too large when written out" in refusal(tmp_path, model)


def test_calls_nest_up_to_a_limit(tmp_path: Path) -> None:
    assert drawing(draft_of(tmp_path, chain(1, 64))) == ["y = Relu(x)"]
    assert "more than 64 deep" in refusal(tmp_path, chain(1, 65))
    assert "more than 64 deep" in refusal(tmp_path, chain(1, 5000))


def test_calls_that_do_not_fit_their_function_are_refused(tmp_path: Path) -> None:
    assert "has 2 inputs, the function that it calls has 1" in refusal(
        tmp_path, BLOCK.replace("Block(x)", "Block(x, x)")
    )
    dangling = BLOCK.replace("r = Relu(a)", "r = Relu(x)")  # a function does not see its caller's values
    assert "a function reads 'x', which nothing in it makes" in refusal(tmp_path, dangling)


def test_a_name_in_a_function_means_one_tensor(tmp_path: Path) -> None:
    """Else what a call leaves out would be there after all, and what it gives be something else."""
    formal = parsed(BLOCK)
    formal.functions[0].input.append("r")
    assert "the function f::Block gives the name of its input 'r' to another tensor, too" in refusal(tmp_path, formal)
    twice = parsed(BLOCK)
    twice.functions[0].input.append("a")
    assert "the function f::Block gives the name of its input 'a' to another tensor, too" in refusal(tmp_path, twice)


def test_a_function_defined_twice_is_refused(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.functions.append(model.functions[0])
    assert "f::Block is defined twice" in refusal(tmp_path, model)
