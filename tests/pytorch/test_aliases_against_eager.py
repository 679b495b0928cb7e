"""Do in-place ops and views mean what they mean in PyTorch?

Random programs of views, in-place ops and arithmetic on four inputs are run eagerly, with one input changed at a time:
so it is seen what each result depends on. The graph must say the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.loaders.torch.module import load_module

torch = pytest.importorskip("torch")

WHOLE = (
    "{v}.transpose(0, 1)", "{v}.view(4, 4)", "{v}.t()", "{v}.unsqueeze(0).squeeze(0)", "{v}.detach()",
    "{v}.reshape(4, 4)", "{v}.contiguous()", "{v}.permute(1, 0)", "{v}.flatten().view(4, 4)",
)  # fmt: skip
PARTS = (
    "{v}[:2]", "{v}[2:]", "{v}[:, :2]", "{v}[1]", "{v}[:, 3]", "{v}.chunk(2, 0)[0]", "{v}.chunk(2, 0)[1]",
    "{v}.split(2, 1)[1]", "{v}.unbind(0)[3]", "{v}.narrow(0, 1, 2)", "{v}[-1]", "{v}[-2:]",
)  # fmt: skip
IN_PLACE = (
    "{v}.add_({w} * 1)", "{v}.mul_({w} * 1)", "{v}.copy_({w} * 1)", "{v} += {w} * 2", "{v}.sin_()",
    "{v}.add_({w} * 1, alpha=2.0)",
)  # fmt: skip


def written(seed: int) -> str:
    """A program. Every other one has views of parts."""
    choose = random.Random(seed)
    lines = [f"x{i} = {name} * 1.5" for i, name in enumerate("abcd")]
    shapes = {f"x{i}": (4, 4) for i in range(4)}
    for _ in range(choose.randint(4, 12)):
        name, other = choose.choice(list(shapes)), choose.choice(list(shapes))
        kind, new = choose.random(), f"x{len(shapes)}"
        if kind < 0.4 and shapes[name] == (4, 4):
            view = choose.choice(PARTS if seed % 2 and choose.random() < 0.6 else WHOLE).format(v=name)
            shapes[new] = tuple(eval(view, {name: torch.empty(4, 4)}).shape)  # noqa: S307 -- written above
            lines.append(f"{new} = {view}")
        elif shapes[name] == shapes[other] and kind < 0.85 and name != other:
            lines.append(choose.choice(IN_PLACE).format(v=name, w=other))
        elif shapes[name] == shapes[other]:
            shapes[new] = shapes[name]
            lines.append(f"{new} = {name} * {other} + 1")
    results = ", ".join(f"{name} * 1" for name in choose.sample(list(shapes), 3))
    return "\n    ".join(["def program(a, b, c, d):", *lines, f"return {results}"])


class Module(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, program: Callable[..., Any]) -> None:
        super().__init__()
        self.program = program

    def forward(self, a: Any, b: Any, c: Any, d: Any) -> Any:
        return self.program(a, b, c, d)


def dependencies(program: Callable[..., Any]) -> list[set[int]]:
    """Which inputs each result depends on, seen by changing them one by one."""
    generator = torch.Generator().manual_seed(0)

    def fresh() -> Any:
        return torch.randn(4, 4, dtype=torch.float64, generator=generator) + 3

    inputs = [fresh() for _ in range(4)]
    reference = program(*(value.clone() for value in inputs))
    found: list[set[int]] = [set() for _ in reference]
    for position in [0, 1, 2, 3] * 2:
        changed = [fresh() if i == position else value.clone() for i, value in enumerate(inputs)]
        for result, before, depends in zip(program(*changed), reference, found, strict=True):
            if not torch.equal(result, before):
                depends.add(position)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_every_result_depends_on_what_it_does_in_eager_mode(seed: int) -> None:
    text = written(seed)
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # noqa: S102 -- written above
    draft = load_module(Module(namespace["program"]), [torch.ones(4, 4) for _ in range(4)])
    graph = assemble(draft)
    order = {name: position for position, name in enumerate(graph.inputs)}
    said = [{order[a] for a in nx.ancestors(graph.dag, name) | {name} if a in order} for name in draft.outputs]
    assert said == dependencies(namespace["program"]), text
