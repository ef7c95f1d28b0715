"""Which of the models in a collection does the code use?"""

from __future__ import annotations

from .objects import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_NAMES_ONLY = frozenset(("name", "built"))  # what a model shows of itself when it is printed is no use of it
_DEEPEST = 3


class UsedModels:
    """Watches the models in collections: `models` are those found, by id; `count` of them were used since.

    A model is used when an attribute of it is read, which calling it and its methods do as well.  A model that is only
    compared, moved or printed is not.
    """

    def __init__(self, collections: Iterable[object]) -> None:
        self.models: dict[int, object] = {}
        self._seen: set[int] = set()
        # each class with the `__getattribute__` that it had of its own, None where it inherited one
        self._patched: list[tuple[type, object]] = []
        for collection in collections:
            self._find(collection, 0)

    @property
    def count(self) -> int:
        """How many of the models were used."""
        return len(self._seen)

    def __enter__(self) -> UsedModels:
        for cls in {type(model) for model in self.models.values()}:
            own = cls.__dict__.get("__getattribute__")
            try:
                cls.__getattribute__ = self._noting(cls.__getattribute__)  # type: ignore[method-assign]  # the point
            except TypeError:
                continue  # a class of an extension module: its instances are never seen to be used
            self._patched.append((cls, own))
        return self

    def __exit__(self, *ignored: object) -> None:
        for cls, own in self._patched:
            if own is None:
                del cls.__getattribute__
            else:
                cls.__getattribute__ = own  # type: ignore[assignment,method-assign]  # as it was

    def _noting(self, original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
        """The same look-up, which notes that one of the models was looked into."""
        models, seen = self.models, self._seen

        def noting(model: Any, name: str) -> Any:
            if id(model) in models and not name.startswith("__") and name not in _NAMES_ONLY:
                seen.add(id(model))
            return original(model, name)

        return noting

    def _find(self, value: object, depth: int) -> None:
        if kind_of(type(value)) == "models":
            self.models[id(value)] = value
        elif depth < _DEEPEST and isinstance(value, (list, tuple, set, dict)):
            for part in list(value.values() if isinstance(value, dict) else value):
                self._find(part, depth + 1)
