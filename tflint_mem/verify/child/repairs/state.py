"""What has been put in place of what a snippet lacks, and what it is that runs."""

from __future__ import annotations

from tflint_mem.verify.standins import hints
from tflint_mem.verify.standins.action import rewritten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.verify.standins.action import Action, Rewrite
    from tflint_mem.verify.standins.hints import Shape


class State:
    """What has been put in place so far.

    setup        code of the stand-ins, in order          project    folders to look for real files in, nearest first
    rewrites     changes of the snippet's text            snippet    path of the snippet file
    protected    folders that cannot be written to        modules    "/" and the relative names of the first-party files
                                                                     beside the snippet
    models       paths of stand-in models                 arrays     paths of stand-in arrays
    shape        what stand-in models take, learned from a mismatch; None as long as there was none
    outputs      numbers that stand-in models give        layer_names   names that their layers have
    tried        what was proposed already
    ran          places of the stand-ins' statements that have run in any attempt (standins/noted.py): what one attempt
                 has installed is there in the next
    """

    def __init__(
        self,
        setup: Iterable[str],
        project: Iterable[str],
        rewrites: Iterable[Rewrite],
        snippet: str,
        protected: Iterable[str],
        modules: Iterable[str] = (),
    ) -> None:
        self.setup, self.project = list(setup), list(project)
        self.rewrites, self.snippet, self.protected = list(rewrites), snippet, list(protected)
        self.modules = tuple("/" + name for name in modules)
        self.shape: Shape | None = None
        self.outputs = 10
        self.layer_names: list[str] = []
        self.arrays: list[str] = []
        self.models: list[str] = []
        self.tried: set[object] = set()
        self.ran: set[tuple[int, int, int]] = set()

    def add(self, action: Action) -> None:
        """Puts an action in place for the next attempt."""
        if action.rewrite is not None:
            self.rewrites.append(action.rewrite)
        if action.code and action.code not in self.setup:
            self.setup.append(action.code)

    def rewritten(self, text: str) -> str:
        """The snippet's text with all changes made."""
        return rewritten(text, self.rewrites)

    def text(self) -> str:
        """The snippet as it ran last."""
        with open(self.snippet, encoding="utf-8") as handle:
            return handle.read()

    def input_shape(self) -> Shape:
        """The shape that stand-in models take: learned from a mismatch, else what the snippet suggests."""
        return self.shape if self.shape is not None else hints.plausible_shape(self.text())
