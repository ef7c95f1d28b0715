"""What is put in place of something that is missing: code to run before the snippet, and changes of its text."""

from __future__ import annotations

import posixpath
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE = ("tf.keras.", "types.SimpleNamespace(", "np.random.", "\n")  # changes of code, not of a string constant


class Rewrite:
    """A change of the snippet's own text.  old, new: code, or what string constants begin with."""

    __slots__ = ("old", "new")

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def __repr__(self) -> str:
        return "Rewrite(%r, %r)" % (self.old, self.new)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rewrite) and (other.old, other.new) == (self.old, self.new)

    def __hash__(self) -> int:
        return hash((self.old, self.new))

    def of(self, text: str) -> str:
        """The text with the change made."""
        if self.old.startswith(_CODE):
            return text.replace(self.old, self.new)
        return re.sub(r"(['\"])" + re.escape(self.old), lambda match: match.group(1) + self.new, text)


class Action:
    """code: source to run before the snippet, "" for none; text: what it stands in for, for the report, "" for nothing;
    rewrite: what is changed in the snippet itself, None for nothing."""

    __slots__ = ("code", "text", "rewrite")

    def __init__(self, code: str, text: str, rewrite: Rewrite | None = None) -> None:
        self.code, self.text, self.rewrite = code, text, rewrite

    def __repr__(self) -> str:
        return "Action(%r, %r, %r)" % (self.code, self.text, self.rewrite)


def rewritten(text: str, rewrites: Iterable[Rewrite]) -> str:
    """A snippet's text with each of the changes made, in order."""
    for rewrite in rewrites:
        text = rewrite.of(text)
    return text


def make_parent(path: str) -> str:
    """Source that makes the folder of a path, "" when it has none; `os` must be there."""
    parent = posixpath.dirname(path)
    return "os.makedirs(%r, exist_ok=True)\n" % parent if parent else ""
