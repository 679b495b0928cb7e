"""Modules as PyTorch's users have them: wrapped, with caches, with outputs of their own. Needs PyTorch."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import audit
from shortcut_audit.errors import ShortcutAuditError, UnreadableModel, UsageError
from shortcut_audit.loaders.aten.translate import NO_RESULT
from shortcut_audit.loaders.torch.calling import Example, exported
from shortcut_audit.loaders.torch.module import load_module
from tests.loaders.aten.programs import drawing

torch = pytest.importorskip("torch")
X = torch.ones(2, 4)
DATAFLOW = ["linear = Linear(x, f.weight, f.bias)", "add = Add(x, linear)"]


class Block(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.f = torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.f(x)


def identities(*args: Any, **kwargs: Any) -> int:
    return audit(*args, **kwargs).summary.identity


def test_an_example_on_the_meta_device_for_a_module_elsewhere() -> None:
    """As the docstring of `audit` has it."""
    assert drawing(load_module(Block(), (torch.empty(2, 4, device="meta"),))) == DATAFLOW


def test_wrappers_are_taken_off() -> None:
    process = torch.distributed
    process.init_process_group("gloo", store=process.HashStore(), rank=0, world_size=1)
    try:
        parallel = torch.nn.parallel.DistributedDataParallel(Block())
    finally:
        process.destroy_process_group()
    for wrapped in (parallel, torch.nn.DataParallel(Block()), torch.compile(Block()), torch.compile(parallel)):
        assert drawing(load_module(wrapped, (X,))) == DATAFLOW


def test_a_module_compiled_in_place_stays_so() -> None:
    module = Block()
    module.compile()
    compiled = module._compiled_call_impl
    assert drawing(load_module(module, (X,))) == DATAFLOW
    assert module._compiled_call_impl is compiled
    assert not module._forward_hooks
    assert not module._forward_pre_hooks


@pytest.mark.parametrize("kwargs", [{}, {"x": X}], ids=["by position", "by name"])
@pytest.mark.parametrize("how", ["traced", "scripted", "within"])
def test_torchscript_modules_are_replayed(how: str, kwargs: dict[str, Any]) -> None:
    module = torch.jit.trace(Block(), X) if how == "traced" else torch.jit.script(Block())
    if how == "within":
        if kwargs:
            pytest.skip("Sequential names its argument otherwise")
        module = torch.nn.Sequential(module)
    report = audit(module, *(() if kwargs else (X,)), kwargs=kwargs)
    assert (report.format, report.summary.identity, report.totals.parameters) == ("torchscript", 1, 20)


class Cache:
    """Neither a tensor nor a container that PyTorch knows."""

    def __init__(self, kept: Any = None) -> None:
        self.kept = kept


class Cached(Block):
    def forward(self, x: torch.Tensor, cache: Cache) -> object:  # type: ignore[override]
        y = x + self.f(x)
        cache.kept = y if cache.kept is None else cache.kept + self.f(cache.kept) + y
        return object()


def test_what_is_left_in_a_cache_is_an_output() -> None:
    assert identities(Cached(), X, Cache()) == 1
    assert identities(Cached(), X, kwargs={"cache": Cache()}) == 1


def test_a_cache_stays_as_it_is_and_its_tensors_are_inputs() -> None:
    """One identity is x's; the other the past's, to which y is a third operand."""
    cache = Cache(X)
    report = audit(Cached(), X, cache)
    assert cache.kept is X
    assert len(report.inputs) == 2
    assert report.summary.identity == 2


class Buffered(Block):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(2, 4))

    def forward(self, x: torch.Tensor) -> int:  # type: ignore[override]
        self.seen.copy_(x + self.f(x))
        return 3


def test_what_is_written_to_a_buffer_is_an_output() -> None:
    draft = load_module(Buffered(), (X,))
    assert [node.kind for node in draft.nodes] == ["Linear", "Add", "Identity"]
    assert len(draft.outputs) == 1


class Silent(Block):
    def forward(self, x: torch.Tensor) -> int:  # type: ignore[override]
        super().forward(x)
        return 3


def test_a_module_that_returns_no_tensor_is_said_to() -> None:
    assert load_module(Silent(), (X,)).notes == (NO_RESULT,)
    assert load_module(Buffered(), (X,)).notes == ()


def test_attention_is_traced_op_by_op_without_gradients() -> None:
    """A frozen encoder in eval mode takes one fused kernel otherwise, of which nothing is known.

    The layer merges twice: 16 wide, 4 tokens, 2 heads: projections 4 x 4 x 16 x 16, feed-forward 2 x 4 x 16 x 2048,
    scores and values 2 x 4 x 4 x 16 = 4,096 + 262,144 + 512.
    """
    layer = torch.nn.TransformerEncoderLayer(16, 2, batch_first=True).eval().requires_grad_(False)
    report = audit(layer, torch.ones(1, 4, 16))
    assert report.summary.identity == 2
    assert report.totals.macs == 266_752
    assert torch.backends.mha.get_fastpath_enabled()


class Leaf(Block):
    """Updates a weight in place, which PyTorch refuses while it records gradients."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.f.weight.mul_(1.0)
        return super().forward(x)


def test_gradients_are_off() -> None:
    assert identities(Leaf(), X) == 1


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: audit(3, X), UsageError, "neither the path of a file, nor .* but of type int; say audit"),
        (lambda: audit(Block, X), UsageError, "Block is a class; make a module of it: audit"),
        (lambda: audit(len, X), UsageError, "nor an ExportedProgram"),
        (lambda: audit(Block()), UsageError, r"give each an example: audit\(module, x, kwargs"),
        (lambda: audit(Block(), torch.ones(2, 5)), UnreadableModel, "torch.export failed: RuntimeError: a and b must"),
        (lambda: audit(Cached(), X, (item for item in ())), UnreadableModel, "torch.export failed: TypeError: cannot"),
    ],
)
def test_what_cannot_be_audited_is_said_in_a_line(call: Any, kind: type[ShortcutAuditError], says: str) -> None:
    with pytest.raises(kind, match=says) as raised:
        call()
    assert "\n" not in str(raised.value)


class Choosing(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.f(x)
        return x + y if y.sum() > 0 else y  # the choice


class Looping(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(int(x.sum())):
            x = super().forward(x)
        return x


def test_what_depends_on_what_a_tensor_holds_is_said_in_words_of_our_own() -> None:
    for module in (Choosing(), Looping()):
        with pytest.raises(UnreadableModel, match=r"depends on what a tensor holds") as raised:
            audit(module, X)
        assert str(raised.value).endswith("; let an argument choose, or torch.where or torch.cond")
        assert "test_calling.py:" in str(raised.value)


class ReadingData(Block):
    """y = f(x) + x, as code says it that wants no gradient: x detached, and W as it lies in memory."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(torch.nn.functional.linear(x, self.f.weight.data)) + x.data


class Changing(Block):
    """W is doubled in place before it is used."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.f.weight.data.mul_(2)
        return torch.relu(self.f(x)) + x


class Replacing(Block):
    """W is kept within bounds, and what is added is no longer x but three times it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.f.weight.data = self.f.weight.data.clamp(-1, 1)
        skip = x * 1
        skip.data = x.data * 3
        return torch.relu(self.f(x)) + skip


class Cutting(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = x * 1
        skip.data = x[:1]
        return super().forward(skip)


@pytest.mark.parametrize(
    ("block", "kind"), [(ReadingData, "identity"), (Changing, "identity"), (Replacing, "parameter-free")]
)
def test_what_is_read_and_written_through_data_is_traced(block: type[Block], kind: str) -> None:
    """A fixed factor of three is a shortcut without weights, and no identity."""
    before = torch.Tensor.data
    assert [shortcut["kind"] for shortcut in audit(block(), X).to_dict()["shortcuts"]] == [kind]
    assert torch.Tensor.data is before


@pytest.mark.parametrize("block", [ReadingData, Changing, Replacing])
def test_what_is_traced_through_data_computes_what_the_module_does(block: type[Block]) -> None:
    module, example = block().eval(), X.clone()
    with torch.no_grad():
        expected = deepcopy(module)(example)  # some change themselves
        found = exported(module, Example((example,), {})).module()(example)
    assert torch.equal(found[0], expected)


def test_a_tensor_that_gets_another_shape_through_data_is_said() -> None:
    with pytest.raises(UnreadableModel, match=r"through \.data a tensor of 2x4, float32 becomes one of 1x4, float32"):
        audit(Cutting(), X)


class Deriving(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.enable_grad():
            at = x.detach().requires_grad_()
            (force,) = torch.autograd.grad(self.f(at).sum(), at)
        return super().forward(force)


def test_what_takes_gradients_is_said_with_what_helps() -> None:
    with pytest.raises(UnreadableModel, match=r"by torch\.autograd\.grad as a rule; audit the module without"):
        audit(Deriving(), X)


class Answer(dict[str, Any]):
    """A model's answer that is a dictionary of its own class, as transformers' ModelOutput is."""


class Nested(Block):
    """Tensors in an object, in a list, in a dictionary of the caller's."""

    def forward(self, x: torch.Tensor, kept: dict[str, Any]) -> Answer:  # type: ignore[override]
        y = super().forward(x)
        kept["seen"] = [Cache(y + self.f(y))]
        return Answer(logits=Cache((y, None)))


def test_tensors_are_found_in_whatever_is_returned_and_handed_over() -> None:
    report = audit(Nested(), X, {})
    assert [s.kind for s in report.shortcuts] == ["identity", "identity"]


def test_what_transformers_returns_and_keeps() -> None:
    """A decoder of two layers, each with two identities, and a past of three tokens: four more inputs than the ids."""
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 16, "hidden_size": 8, "intermediate_size": 16, "max_position_embeddings": 16}
    heads = {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2}
    model = transformers.LlamaModel(transformers.LlamaConfig(**sizes, **heads)).eval()
    ids = torch.ones(1, 3, dtype=torch.long)
    assert audit(model, ids).summary.identity == 4
    cache = transformers.DynamicCache()
    with torch.no_grad():
        model(ids, past_key_values=cache)
    report = audit(model, ids[:, :1], kwargs={"past_key_values": cache})
    assert (report.summary.identity, len(report.inputs), cache.get_seq_length()) == (4, 5, 3)


WRITTEN = """
class Written(Block):
    def forward(self, x):
        return x + self.f(x)
"""


def test_code_without_a_file_has_no_line() -> None:
    """Neither that of torch.nn's calls, nor that of a caller."""
    made: dict[str, Any] = {"Block": Block}
    exec(WRITTEN, made)  # noqa: S102 -- the test's own
    written = made["Written"]

    class Calling(Block):
        def __init__(self) -> None:
            super().__init__()
            self.inner = written()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)

    for module in (written(), torch.nn.Sequential(written()), Calling()):
        assert [s.merge.source for s in audit(module, X).shortcuts] == [None]


class Helped(Block):
    def merge(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y  # here

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.merge(x, self.f(x))


def test_the_line_of_an_addition_in_a_helper() -> None:
    line = Path(__file__).read_text().splitlines().index("        return x + y  # here") + 1
    (shortcut,) = audit(Helped(), X).shortcuts
    assert shortcut.merge.source is not None
    assert (Path(shortcut.merge.source.file).name, shortcut.merge.source.line) == ("test_calling.py", line)


def test_the_line_of_an_addition_in_torch_nn() -> None:
    layer = torch.nn.TransformerEncoderLayer(16, 2, batch_first=True)
    files = {s.merge.source and Path(s.merge.source.file).name for s in audit(layer, torch.ones(1, 4, 16)).shortcuts}
    assert files == {"transformer.py"}
