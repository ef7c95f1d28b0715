"""The facts of files that earlier runs have read: a file with the same code need not be parsed again.

One file for each tree holds them by the digest of the code, wherever that stands and whatever the command line says.
It is read in one go, and `marshal` sees nothing of it before the signature holds (see `folder`).  What no run has used
lately goes first when it grows.
"""

from __future__ import annotations

import marshal

from tflint_mem.facts import packed

from .folder import SIGNED, CacheFolder, interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Facts
    from tflint_mem.facts.packed import PackedFacts

_PURPOSE = b"tflint-mem-facts"
_SPARE = 4_000_000  # bytes of what this run has not used that may stay, beside as much again as it has used


class FactStore:
    """The store of a tree, as a run finds it and leaves it."""

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder
        self._name = folder.digest(repr((interpreter(), folder.program)).encode("utf-8", "replace")).hex() + ".facts"
        self._index: dict[bytes, tuple[int, int]] = {}  # digest of the code -> where its facts are; latest used last
        self._raw = memoryview(b"")
        self._used: set[bytes] = set()
        self._new: dict[bytes, bytes] = {}
        try:
            self._open(folder.read(self._name))
        except (OSError, MemoryError):
            pass

    def key(self, code: bytes) -> bytes:
        """What the facts of the code are found by."""
        return self._folder.digest(code)

    def has(self, key: bytes) -> bool:
        """Are facts kept under the key?"""
        return key in self._index or key in self._new

    def get(self, key: bytes) -> PackedFacts | None:
        """The facts that are kept under a key."""
        place = self._index.get(key)
        if place is None:
            raw = self._new.get(key)
            return None if raw is None else packed.load(memoryview(raw))
        self._used.add(key)
        return packed.load(self._raw[place[0] : place[0] + place[1]])

    def put(self, key: bytes, collected: Facts) -> None:
        """Keep facts; those of `collected` know their bytes from now on."""
        raw = self._new[key] = packed.dump(collected)
        collected.packed = packed.body_of(memoryview(raw))

    def take(self, key: bytes, raw: bytes) -> PackedFacts:
        """Keep facts that somebody has packed already."""
        self._new[key] = raw
        return packed.load(memoryview(raw))

    def save(self) -> None:
        """Write the store, if something in it is new."""
        if not self._new or not self._folder.usable:
            return
        used = [(key, self._slice(key)) for key in self._index if key in self._used]
        most = _SPARE + sum(len(raw) for _, raw in used) + sum(map(len, self._new.values()))
        spare: list[tuple[bytes, bytes | memoryview]] = []
        for key in reversed(self._index):
            if key not in self._used:
                most -= self._index[key][1]
                if most < 0:
                    break
                spare.append((key, self._slice(key)))
        index: dict[bytes, tuple[int, int]] = {}
        parts: list[bytes | memoryview] = []
        end = 0
        for key, raw in (*reversed(spare), *used, *self._new.items()):
            index[key] = (end, len(raw))
            parts.append(raw)
            end += len(raw)
        head = marshal.dumps(index)
        body = b"".join([len(head).to_bytes(4, "little"), head, *parts])
        self._folder.write(self._name, self._folder.sign(body, _PURPOSE) + body)

    def _slice(self, key: bytes) -> memoryview:
        start, length = self._index[key]
        return self._raw[start : start + length]

    def _open(self, raw: bytes | None) -> None:
        if raw is None or len(raw) < SIGNED + 4:
            return
        import hmac

        whole = memoryview(raw)
        body = whole[SIGNED:]
        if not hmac.compare_digest(raw[:SIGNED], self._folder.sign(body, _PURPOSE)):
            return
        start = 4 + int.from_bytes(body[:4], "little")
        self._index, self._raw = marshal.loads(body[4:start]), body[start:]
