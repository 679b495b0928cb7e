"""How is a model audited from Python?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shortcut_audit.errors import UsageError
from shortcut_audit.loaders.inputs import parse_inputs
from shortcut_audit.loaders.remote.urls import is_url, shown
from shortcut_audit.pipeline import (
    Operators,
    audit_draft,
    draft_at,
    draft_of,
    draft_of_object,
    hold_draft,
    refuse_understood,
)
from shortcut_audit.report import Failure, ModelReport
from shortcut_audit.reporters.notebook import ShownReport
from shortcut_audit.reporters.notebook import shown as report_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import networkx as nx

    from shortcut_audit.graph.draft import Draft


def audit(
    model: Any,
    *example: Any,
    kwargs: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[str] = (),
    torchscript: bool = False,
    operators: Mapping[str, Any] | None = None,
) -> ShownReport:
    """The report on one model: its shortcuts, their kinds, weights and costs.

    `assert audit(model, x).summary.projection == 0` is all that a test needs.

    Args:
        model: One of: the path of an ONNX or .pt2 file, whose weights are not read; the URL of one, of which only the
            graph is fetched; "package.module:factory"; a `torch.nn.Module` or `torch.fx.GraphModule`; a
            `torch.export.ExportedProgram`.
        example: What a live module is called with, such as `torch.empty(1, 3, 224, 224, device="meta")`: only shapes
            and types matter, on whatever device. Caches and other objects may stand among them: the tensors that they
            hold are the inputs. Compiled, data-parallel and TorchScript modules are taken as well, and any output.
        kwargs: The same, by keyword.
        dims: Sizes of symbolic dimensions, such as {"batch": 1}.
        inputs: Shapes of a file's or a factory's inputs, written as for `--input`: "[NAME=]1x3x224x224[:dtype]".
        torchscript: Run a file that is neither ONNX nor .pt2 as TorchScript.
        operators: What operators do that are not understood, as [tool.shortcut-audit.operators] says it:
            {"my_domain::Op": "copy"}, or a table for a word. `--explain operators` lists the words and formulas.

    Raises:
        UnreadableModel: there is no model that can be read, or it cannot be exported.
        UsageError: a dimension or an input that the model does not have, an ill-formed shape, an operator that cannot
            be declared so, PyTorch is missing.
    """
    known = _declared(operators)
    return report_of(audit_draft(_draft(model, example, kwargs, dims, inputs, torchscript), known))


def load(
    model: Any,
    *example: Any,
    kwargs: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[str] = (),
    torchscript: bool = False,
    operators: Mapping[str, Any] | None = None,
) -> nx.DiGraph[str]:
    """The graph of a model as a frozen `networkx.DiGraph` of values, marked where shortcuts stand.

    An edge a -> b says that b is computed from a; weights are no nodes. `account/held.py` names the attributes of a
    node: op, name, shape, dtype, scope, file, line, weights, and the keys of the shortcuts that fork, merge or lead
    through there. What it takes, and what is raised, are as for `audit`.
    """
    known = _declared(operators)
    return hold_draft(_draft(model, example, kwargs, dims, inputs, torchscript), known)


def audit_many(
    sources: Iterable[str | os.PathLike[str]],
    *,
    executor: Executor | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Sequence[str] = (),
    operators: Mapping[str, Any] | None = None,
) -> Iterator[ShownReport | Failure]:
    """The reports on many models, in their order, each as soon as it and those before it are done.

    A model that cannot be audited is a `Failure`, and stops no other. Sources are taken a few at a time, and what has
    been yielded is not kept: a list of any length takes no memory.

    `for report in audit_many(paths, executor=ProcessPoolExecutor(8)): ...`

    Args:
        sources: What `audit` takes for a file: paths, URLs, "package.module:factory".
        executor: Where to audit: any `concurrent.futures.Executor`, such as a process pool, a thread pool for files
            that lie elsewhere, or `dask.distributed.Client(...).get_executor()`; None is this process, one after the
            other. It is not shut down. In threads, time and memory of one model are not limited.
        dims: Sizes of symbolic dimensions, of every model that has them.
        inputs: Shapes of inputs, of every model, written as for `--input`.
        operators: What operators do that are not understood, as for `audit`.

    Raises:
        UsageError: an operator cannot be declared so; the executor has lost its workers, and the rest cannot be
            audited.
    """
    from shortcut_audit.command.attempt import Task, attempt

    known = _declared(operators)

    def task(source: str | os.PathLike[str]) -> Task:
        name = os.fspath(source)
        elsewhere = isinstance(source, str) and is_url(name)
        where = name if elsewhere else ""
        return Task(shown(name) if elsewhere else name, dims or {}, tuple(inputs), operators=known, url=where)

    tasks = map(task, sources)
    if executor is None:
        yield from (_given(attempt(each).result) for each in tasks)
        return
    from shortcut_audit.command.crowd import in_order

    yield from (_given(made.result) for made in in_order(tasks, executor))


def _given(result: ModelReport | Failure) -> ShownReport | Failure:
    return report_of(result) if isinstance(result, ModelReport) else result


def _declared(operators: Mapping[str, Any] | None) -> Operators:
    """What the caller declares, read as the configuration is."""
    if not operators:
        return {}
    from shortcut_audit.gate import config_values
    from shortcut_audit.gate.document import Wrong

    try:
        found = config_values.operators(dict(operators))
    except Wrong as wrong:
        raise UsageError(f"operators: {'; '.join(wrong.args)}") from None
    refuse_understood(found)
    return found


def _draft(
    model: Any,
    example: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    dims: Mapping[str, int] | None,
    inputs: Sequence[str],
    torchscript: bool,
) -> Draft:
    """The graph of whatever `audit` takes, before anything is said of it."""
    if not isinstance(model, str | os.PathLike):
        if inputs or torchscript:
            raise UsageError("a live model is called with example inputs: audit(model, x)")
        return draft_of_object(model, example, kwargs or {}, dims=dims)
    if example or kwargs:
        raise UsageError('a file takes no example inputs; give shapes as inputs=["1x3x224x224"]')
    shapes = parse_inputs(inputs)
    if isinstance(model, str) and is_url(model):
        from shortcut_audit.loaders.remote.location import Location

        return draft_at(Location(model), shown(model), dims=dims, inputs=shapes)
    return draft_of(os.fspath(model), dims=dims, inputs=shapes, torchscript=torchscript)
