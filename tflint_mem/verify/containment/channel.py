"""What a measured child says, read while it runs: its events, the guard's report, and the end of what it prints.

All three are pipes: nothing of them lies in a folder that the child can write to.  An event counts only with the key of
its run and the next number, so that what a program writes into descriptors that it guesses is no event.
"""

from __future__ import annotations

import ast
import json
import os
import secrets
import selectors
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.events import Event, Told

_MOST_EVENTS = 64 << 20  # bytes; what comes after them is read and dropped
_TAIL = 4000


class Channel:
    """Pipes to one child.

    key       what begins each of its events          events, report, output   descriptors for the child's side
    """

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self._ours: dict[str, int] = {}
        self._theirs: dict[str, int] = {}
        for name in ("events", "report", "output"):
            self._ours[name], self._theirs[name] = os.pipe()
        self.events, self.report, self.output = self._theirs["events"], self._theirs["report"], self._theirs["output"]
        self._text = {"events": bytearray(), "report": bytearray(), "output": bytearray()}
        self._stop, self._wake = os.pipe()
        self._reader = threading.Thread(target=self._read, name="tflint-mem-verify-reader", daemon=True)

    def begin(self) -> None:
        """Lets go of the child's side, once the child has it, and reads from now on."""
        self._let_go()
        self._reader.start()

    def _let_go(self) -> None:
        for descriptor in self._theirs.values():
            os.close(descriptor)
        self._theirs = {}

    def end(self) -> None:
        """Reads what is left; everything that could write has ended."""
        self._let_go()
        if self._reader.ident is not None:
            self._reader.join(5)  # all writers are gone, or hold the pipe from where nobody can end them
            os.write(self._wake, b".")
            self._reader.join()
        for descriptor in [*self._ours.values(), self._stop, self._wake]:
            os.close(descriptor)

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            for name, descriptor in self._ours.items():
                selector.register(descriptor, selectors.EVENT_READ, name)
            selector.register(self._stop, selectors.EVENT_READ, None)
            while len(selector.get_map()) > 1:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    part = os.read(key.fd, 1 << 16)
                    if not part:
                        selector.unregister(key.fd)
                        continue
                    text = self._text[key.data]
                    if key.data == "output":
                        text += part
                        del text[: -2 * _TAIL]
                    elif len(text) < _MOST_EVENTS:
                        text += part

    def told(self) -> Told:
        """All that the guard has said so far: what holds, and how the child ended."""
        told: Told = {}
        for line in bytes(self._text["report"]).split(b"\n")[:-1]:
            told.update(ast.literal_eval(line.decode("ascii")))
        return told

    def read_events(self) -> list[Event]:
        """The child's events, in order."""
        found: list[Event] = []
        key = self.key.encode("ascii")
        for line in bytes(self._text["events"]).split(b"\n"):
            head, _, rest = line.partition(b" ")
            number, _, text = rest.partition(b" ")
            if head != key or number != b"%d" % len(found):
                continue
            event: Event
            try:
                event = json.loads(text)
            except ValueError:
                continue  # the line that was being written when the child was killed
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                found.append(event)
        return found

    def tail(self) -> str:
        """The end of what the child printed."""
        return bytes(self._text["output"])[-_TAIL:].decode("utf-8", "replace")
