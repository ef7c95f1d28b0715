"""Which of the models in a collection does the code use?  Runs inside the child: Python 3.8 syntax."""

from . import meters

_NAMES_ONLY = frozenset(("name", "built"))  # what a model shows of itself when it is printed is no use of it
_DEEPEST = 3


class Used:
    """Watches the models in collections: `models` are those found, `count` is the number of those that were used since.

    A model is used when an attribute of it is read, which calling it and its methods do as well.  A model that is only
    compared, moved or printed is not.
    """

    def __init__(self, collections):
        self.models = {}
        self._seen, self._patched = set(), []
        for collection in collections:
            self._find(collection, 0)

    @property
    def count(self):
        """How many of the models were used."""
        return len(self._seen)

    def __enter__(self):
        for cls in {type(model) for model in self.models.values()}:
            own = cls.__dict__.get("__getattribute__")
            try:
                cls.__getattribute__ = self._noting(cls.__getattribute__)
            except TypeError:
                continue  # a class of an extension module: its instances are never seen to be used
            self._patched.append((cls, own))
        return self

    def __exit__(self, *ignored):
        for cls, own in self._patched:
            if own is None:
                del cls.__getattribute__
            else:
                cls.__getattribute__ = own

    def _noting(self, original):
        models, seen = self.models, self._seen

        def noting(model, name):
            if id(model) in models and not name.startswith("__") and name not in _NAMES_ONLY:
                seen.add(id(model))
            return original(model, name)

        return noting

    def _find(self, value, depth):
        if meters.kind_of(type(value)) == "models":
            self.models[id(value)] = value
        elif depth < _DEEPEST and isinstance(value, (list, tuple, set, dict)):
            for part in list(value.values() if isinstance(value, dict) else value):
                self._find(part, depth + 1)
