"""Which tensors does an object hold, whatever it is?

Modules are called with caches and return outputs of classes of their own. Export knows tensors, and a few containers;
what is held anywhere inside of an object is found here, and an object is made again around other tensors.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shortcut_audit.frozen import frozen
from shortcut_audit.loaders.torch.framework import torch

OBJECTS_LIMIT = 100_000
"""Objects within objects that are looked at."""

PLAIN = (str, bytes, bool, int, float, complex, type(None), type)
"""Types that hold no tensors."""


def tensors_in(held: Any) -> list[Any]:
    """Every tensor that an object holds, each once, in the order in which it holds them.

    Looked into are sequences, sets, mappings and the attributes of objects; not modules, which hold weights.
    """
    framework = torch()
    found: dict[int, Any] = {}
    seen: dict[int, Any] = {}
    waiting = [held]
    while waiting and len(seen) < OBJECTS_LIMIT:
        item = waiting.pop()
        if isinstance(item, framework.Tensor):
            found.setdefault(id(item), item)
        elif id(item) not in seen and not isinstance(item, (*PLAIN, framework.nn.Module)):
            seen[id(item)] = item  # held as long as its id is: another object would get it otherwise
            waiting.extend(reversed(list(_parts(item))))
    return list(found.values())


def _parts(item: Any) -> Iterator[Any]:
    """What an object holds."""
    if isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, Sequence | set | frozenset):
        yield from item
    else:
        yield from getattr(item, "__dict__", {}).values()
        slots = (name for kind in type(item).__mro__ for name in _listed(getattr(kind, "__slots__", ())))
        yield from (getattr(item, name) for name in slots if name != "__dict__" and hasattr(item, name))


def _listed(slots: str | Iterable[str]) -> Iterable[str]:
    return (slots,) if isinstance(slots, str) else slots


@frozen
class Lifted:
    """An argument of a class that export does not know, and the tensors that stand for it meanwhile."""

    original: Any
    tensors: tuple[Any, ...]

    def around(self, tensors: Sequence[Any]) -> Any:
        """A copy of the argument that holds these tensors instead of its own."""
        return copy.deepcopy(self.original, {id(a): b for a, b in zip(self.tensors, tensors, strict=True)})


def lifted(argument: Any) -> Lifted | None:
    """The argument as export can take it: None where it can as it is.

    It takes tensors, numbers, strings, None, and what is registered as a container of these.
    """
    framework = torch()
    leaves = framework.utils._pytree.tree_leaves(argument)  # noqa: SLF001 -- export's own notion of a container
    if all(isinstance(leaf, (*PLAIN, framework.Tensor, framework.dtype, framework.device)) for leaf in leaves):
        return None
    return Lifted(argument, tuple(tensors_in(argument)))
