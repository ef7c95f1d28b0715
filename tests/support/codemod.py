"""Helpers of the codemod tests: find nodes by their text, apply edits, compare."""

import textwrap

from tflint_mem.codemod.operations import view_at
from tflint_mem.sources.source import Source


class Code:
    """A source with ways to point into it by text; `number` counts occurrences from 0."""

    def __init__(self, text, path="code.py"):
        self.text = textwrap.dedent(text)
        self.source = Source.from_bytes(path, self.text.encode())

    def place(self, text, number=0):
        """Row and column of an occurrence of `text`."""
        offset = -1
        for _ in range(number + 1):
            offset = self.source.text.index(text, offset + 1)
        before = self.source.text[:offset].replace("\r\n", "\n").replace("\r", "\n")
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def view(self, text, number=0):
        return view_at(self.source, self.place(text, number)[0])

    def call(self, text, number=0):
        """The call whose source starts with `text` (the shortest one when several do)."""
        view = self.view(text, number)
        place = self.place(text, number)
        found = [call for call in view.calls if view.start(call) == place]
        return view, min(found, key=lambda call: len(view.code(call)))

    def loop(self, text="for ", number=0):
        row = self.place(text, number)[0]
        return self.view(text, number).loop_on(row)

    def statement(self, text, number=0):
        return self.view(text, number).statement_at(self.place(text, number))

    def apply(self, edits):
        return self.source.with_edits(edits).decode()


def rows(text):
    return textwrap.dedent(text)
