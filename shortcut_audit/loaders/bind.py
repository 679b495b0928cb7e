"""Which sizes does the caller give to the dimensions that a model leaves open?

`--dim NAME=SIZE` binds a symbol everywhere; `--input NAME=1x3x224x224` gives one input a shape, and with it binds the
symbols that stood there, also within a formula ("past + 1"). An open dimension without a name is called "INPUT[axis]".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shortcut_audit.algebra.derived import evaluated
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Polynomial, names
from shortcut_audit.errors import Lacking, UsageError
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Dim, TensorType
from shortcut_audit.graph.sizes import dim_of
from shortcut_audit.loaders.inputs import InputSpec


def bind(draft: Draft, dims: Mapping[str, int], inputs: Sequence[InputSpec]) -> Draft:
    """The model with those sizes. Raises Lacking for a dimension or an input that the model does not have.

    A shape that differs from a fixed one in the file is taken at its word: what the file states of other tensors is
    then forgotten, and a note says so.
    """
    given = _given(draft, inputs)
    bound = dict(dims)
    overruled: dict[str, list[str]] = {}
    for (name, old), spec in zip(draft.inputs, given, strict=True):
        if spec is None:
            continue
        if old.shape is not None and len(old.shape) != len(spec.shape):
            raise UsageError(f"input {name!r} has {len(old.shape)} dimensions, {spec.said} gives it {len(spec.shape)}")
        for before, size in zip(old.shape or spec.shape, spec.shape, strict=True):
            if isinstance(before, str) and isinstance(size, int):
                _solve(before, size, bound)
            elif isinstance(before, int) and before != size:
                overruled.setdefault(spec.said, []).append(name)
    draft = replace(draft, unplaced=_unplaced(draft, dims))
    new = tuple(
        (name, TensorType(spec.shape, spec.dtype or old.dtype) if spec else _bound(name, old, bound))
        for (name, old), spec in zip(draft.inputs, given, strict=True)
    )
    if overruled:
        notes = [
            f"{said} gives {', '.join(dict.fromkeys(map(repr, named)))} another shape than the file fixes"
            for said, named in overruled.items()
        ]
        return replace(draft, inputs=new, declared=draft.inputs, recorded={}, notes=(*draft.notes, *notes))
    if steps := _steps(draft, dims):
        draft = replace(draft, steps=steps)
    recorded = (
        {name: _bound(name, tensor_type, bound) for name, tensor_type in draft.recorded.items()}
        if bound
        else draft.recorded
    )
    declared = draft.declared if new == draft.inputs else draft.inputs
    return replace(draft, inputs=new, declared=declared, recorded=recorded)


def _given(draft: Draft, specs: Sequence[InputSpec]) -> list[InputSpec | None]:
    """The specification for each input: by name, and the nameless ones in order over the inputs that are left."""
    named = {spec.name: spec for spec in specs if spec.name is not None}
    known = [name for name, _ in draft.inputs]
    absent = tuple(name for name in named if name not in known)
    if absent:
        raise Lacking(f"the model has no input {absent[0]!r}; its inputs are {_listed(known)}", _keys("inputs", absent))
    rest = iter([spec for spec in specs if spec.name is None])
    given = [named.get(name) or next(rest, None) for name in known]
    if (left := next(rest, None)) is not None:
        raise UsageError(f"{left.said} gives more shapes than the model has inputs, which are {_listed(known)}")
    return given


def _unplaced(draft: Draft, dims: Mapping[str, int]) -> tuple[str, ...]:
    """The dimensions that the model does not have.

    That it has none of them is a slip of the pen, unless it leaves nothing open. One that it has is enough: the others
    may be meant for another model of the same run.
    """
    open_dims = [
        _name_of(name, axis, size)
        for name, tensor_type in draft.inputs
        for axis, size in enumerate(tensor_type.shape or ())
        if not isinstance(size, int)
    ]
    inner = [size for tensor_type in draft.recorded.values() for size in tensor_type.shape or ()]
    known = _loops(draft).keys() | {
        name for size in (*open_dims, *inner) if isinstance(size, str) for name in (size, *names(number_of(size)))
    }
    if dims and open_dims and not any(name in known for name in dims):
        asked = ", ".join(repr(name) for name in dims)
        known_as = _listed(list(dict.fromkeys(open_dims)))
        raise Lacking(f"the model has no dimension {asked}; open are {known_as}", _keys("dims", dims))
    return tuple(name for name in dims if name not in known)


def _keys(key: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{key}.{name}" for name in names)


def _loops(draft: Draft) -> dict[str, str]:
    """The loops of a model by the size that says how often each runs."""
    chains = {body for node in draft.nodes if node.body is not None for body in node.body.chain}
    return {body.open_steps: body.holder for body in chains if body.branch is None}


def _steps(draft: Draft, dims: Mapping[str, int]) -> dict[str, int]:
    """How often loops run, as the caller says."""
    return {holder: dims[name] for name, holder in _loops(draft).items() if name in dims}


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "none"


def _solve(before: str, size: int, bound: dict[str, int]) -> None:
    """Binds the symbol of an open size that is given as a number: its own, or the one that is left of a sum."""
    left = evaluated(number_of(before), bound)
    if not isinstance(left, Polynomial) or left.vague:
        return
    rest, terms = size - left.terms.get((), 0), [(m, times) for m, times in left.terms.items() if m]
    (atom, exponent), times = terms[0][0][0], terms[0][1]
    alone = len(terms) == len(terms[0][0]) == exponent == 1
    if alone and isinstance(atom, str) and rest % times == 0 <= rest // times:
        bound.setdefault(atom, rest // times)


def _name_of(name: str, axis: int, size: Dim) -> str:
    return size if isinstance(size, str) else f"{name}[{axis}]"


def _bound(name: str, tensor_type: TensorType, dims: Mapping[str, int]) -> TensorType:
    shape = tensor_type.shape
    if shape is None or not dims:
        return tensor_type
    return replace(
        tensor_type, shape=tuple(_bound_size(_name_of(name, axis, size), size, dims) for axis, size in enumerate(shape))
    )


def _bound_size(called: str, size: Dim, dims: Mapping[str, int]) -> Dim:
    """A size once some symbols are bound; None where its formula makes no sense of them."""
    if isinstance(size, int) or called in dims:
        return size if isinstance(size, int) else dims[called]
    found = None if size is None else dim_of(evaluated(number_of(size), dims))
    return None if isinstance(found, int) and found < 0 else found
