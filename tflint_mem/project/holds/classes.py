"""The classes of the project: their bases and kinds, their methods, and the decorators of functions."""

from tflint_mem import facts as F
from tflint_mem.knowledge.api import canonical
from tflint_mem.project.linking.module import dotted as dotted_name

from .answers import remembered
from .values import MODEL_BASES


class Classes:
    """The part of `infer.Infer` that answers for classes and decorators."""

    @remembered("bases")
    def bases(self, m, scope):
        """(project classes, canonical names of foreign bases) of a class."""
        record = m.scopes[scope]
        ours, foreign = [], []
        for expression in record[F.S_BASES]:
            for v in self.values(m, record[F.S_PARENT], expression, record[F.S_STMT]):
                if v[0] == "cls" and (v[1], v[2]) != (m.index, scope):
                    ours.append((v[1], v[2]))
                elif v[0] == "ext":
                    foreign.append(canonical(v[1]))
        return (tuple(ours), tuple(foreign))

    @remembered("mro", lambda self, m, scope: [(m.index, scope)])
    def mro(self, m, scope):
        """The project classes of a class and its ancestors, nearest first."""
        order, queue = [], [(m.index, scope)]
        while queue and len(order) < 24:
            head = queue.pop(0)
            if head in order:
                continue
            order.append(head)
            bases = self.bases(self.project.module(head[0]), head[1])
            queue.extend(bases[0] if bases else ())
        return order

    def foreign_bases(self, m, scope):
        found = []
        for index, s in self.mro(m, scope):
            bases = self.bases(self.project.module(index), s)
            found.extend(bases[1] if bases else ())
        return found

    def class_kind(self, m, scope):
        """ "model", "layer", "callback", "sequence" … for classes that derive from Keras', else None."""
        return self._class_kind(m, scope) or None

    @remembered("kind")
    def _class_kind(self, m, scope):
        for name in self.foreign_bases(m, scope):
            if name in MODEL_BASES:
                return "model"
            if name == "tf.Module":
                return "module"
            if name.startswith("keras.layers."):
                return "layer"
            if name.startswith("keras.callbacks."):
                return "callback"
            if (
                name.startswith("keras.optimizers.")
                or name.startswith("keras.losses.")
                or name.startswith("keras.metrics.")
            ):
                return name.split(".")[1]
            if name in ("keras.utils.Sequence", "keras.utils.PyDataset", "keras.utils.data_utils.Sequence"):
                return "sequence"
        return ""

    def lookup(self, m, scope, name):
        """(module, function scope) of a method by name along the ancestors, or None."""
        for index, s in self.mro(m, scope):
            owner = self.project.module(index)
            found = owner.members(s).get(name)
            if found is not None:
                return (owner, found)
        return None

    def decorator_names(self, m, scope):
        """Canonical names of a function's decorators (of what is called, for decorators with arguments)."""
        if not m.scopes[scope][F.S_DECORATORS]:
            return ()
        return self._decorator_names(m, scope) or ()

    @remembered("decorators")
    def _decorator_names(self, m, scope):
        record = m.scopes[scope]
        found = []
        for expression in record[F.S_DECORATORS]:
            if expression[0] == "c":
                call = m.calls[expression[1]]
                expression = call[0]
                values = self.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
                if any(v[0] == "ext" and v[1] == "functools.partial" for v in values) and call[1]:
                    expression = call[1][0]
                    values = self.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            else:
                values = self.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            known = [canonical(v[1]) for v in values if v[0] == "ext"]
            for v in values:
                if v[0] == "obj" and v[1] == "tf.function":
                    known.append("tf.function")
                elif v[0] == "part":  # compiled = functools.partial(tf.function, jit_compile=True)
                    known.extend(canonical(inner[1]) for inner in v[1] if inner[0] == "ext")
                elif v[0] == "bm":
                    known.append(f"{v[1][1] if v[1][0] == 'obj' else '?'}.{v[2]}")
                elif v[0] in ("fn", "meth"):
                    known.append(f"fn:{v[-2]}:{v[-1]}")
            if not known:
                parts = dotted_name(expression)
                if parts:
                    known.append("?" + ".".join(parts))
            found.extend(known)
        return tuple(found)
