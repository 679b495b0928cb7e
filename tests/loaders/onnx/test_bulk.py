"""Is a graph never heavier than is said of it before it is weighed?"""

import pytest
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from shortcut_audit.loaders.onnx.bulk import most_of, weight_of_graph, weight_of_node

PLAIN = helper.make_node("Conv", ["x", "w", "b"], ["y"], strides=[2, 2], group=1, auto_pad="SAME_UPPER")
LISTS = helper.make_node("Constant", [], ["c"], value_ints=list(range(200)), value_floats=[0.5] * 200)
FULL = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("", TensorProto.INT32, [200], [1] * 200))
EMPTY = TensorProto()


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize(
    "graph",
    [
        GraphProto(node=[NodeProto()]),
        GraphProto(node=[NodeProto(input=[""] * 9, output=[""] * 9)]),
        GraphProto(node=[PLAIN, LISTS, FULL]),
        GraphProto(node=[helper.make_node("Constant", [], [""], value=EMPTY)]),
        GraphProto(input=[ValueInfoProto()], output=[ValueInfoProto()]),
        GraphProto(value_info=[ValueInfoProto(), helper.make_tensor_value_info("v", TensorProto.FLOAT, [1] * 9)]),
        GraphProto(initializer=[EMPTY, TensorProto(raw_data=b"0" * 99), TensorProto(int32_data=[0] * 99)]),
        GraphProto(sparse_initializer=[{}]),
    ],
)
def test_the_most_that_a_graph_weighs_is_no_less_than_what_it_weighs(graph: GraphProto, times: int) -> None:
    many = GraphProto()
    for _ in range(times):
        many.MergeFrom(graph)
    assert most_of(many) >= weight_of_graph(many) + sum(map(weight_of_node, many.node))
