"""Answers to questions that depend on each other, each found once: a memo with a guard against cycles."""

from .values import Bounds, Ordered

EMPTY = frozenset()
LARGE_CYCLE = 60
MOST_ANSWERS = 50_000  # in each of two generations, about 12 MB
_NO_CYCLE = 1 << 30


def remembered(kind, instead=None):
    """Decorate a question `(self, m, what)` or `(self, m, what, which)` of an Answers about a module `m`: it is answered once.

    kind      tells its answers from those of other questions
    instead   the answer, or a function of the same parameters that gives it, when the question depends on itself
    """

    def decorate(find):
        def ask(self, m, what):
            key = (kind, m.index, what)
            found = self.memo.get(key)
            if found is None:
                found = self.guarded(key, find, m, what)
            return found

        def ask_more(self, m, what, which):
            key = (kind, m.index, what, which)
            found = self.memo.get(key)
            if found is None:
                found = self.guarded(key, find, m, what, which)
            return found

        plain = ask if find.__code__.co_argcount == 3 else ask_more
        if instead is None:
            question = plain
        else:

            def question(self, m, what):
                found = ask(self, m, what)
                return instead(self, m, what) if found is EMPTY else found

        question.__name__, question.__qualname__, question.__doc__ = find.__name__, find.__qualname__, find.__doc__
        return question

    return decorate


class Answers:
    """The memo of a class with `remembered` questions."""

    def __init__(self):
        self.memo, self.older, self.pool = {}, {}, {}
        self._bounds = Bounds()
        self.active = {}  # what is being computed, with its depth
        self.provisional = {}  # members of a cycle whose head is being computed: (value, depth of the head)
        self.members = []
        self.low = _NO_CYCLE

    def forget(self):
        """Drop all answers."""
        self.memo, self.older, self.pool = {}, {}, {}
        self._bounds = Bounds()

    def guarded(self, key, find, *about):
        """The answer `find(self, *about)` gives, remembered under `key`: one that depends on itself is what the other paths give.

        The members of a cycle see it cut at its head (they get EMPTY from there), so their values are provisional: they
        serve while the head is computed and are forgotten with it, unless the cycle is large.  The head's own value is
        complete.
        """
        if self.older:
            found = self.older.get(key)
            if found is not None:
                self.memo[key] = found
                return found
        if self.provisional:
            known = self.provisional.get(key)
            if known is not None:
                self.low = min(self.low, known[1])
                return known[0]
        depth = self.active.get(key)
        if depth is not None:
            self.low = min(self.low, depth)
            return EMPTY
        depth = self.active[key] = len(self.active)
        outer, self.low = self.low, _NO_CYCLE
        mark = len(self.members)
        try:
            found = find(self, *about)
        finally:
            del self.active[key]
            low, self.low = self.low, outer
        if found and type(found) is frozenset:
            found = self.pooled(found)
        if low >= depth:  # nothing it used waits for something further out
            self.memo[key] = found
            if len(self.members) > mark:
                self._settle(mark)
            if len(self.memo) > MOST_ANSWERS:  # a very large project: what nobody asks for again is forgotten
                self.memo, self.older, self.pool, self._bounds = {}, self.memo, {}, Bounds()
        else:
            self.provisional[key] = (found, low)
            self.members.append(key)
            self.low = min(outer, low)
        return found

    def pooled(self, found):
        """The one set that stands for all equal answers, within the bounds of values; there are a few thousand different ones."""
        known = self.pool.get(found)
        if known is None:
            known = self._bounds.within(found)
            known = known if len(known) < 2 else Ordered(known)
            self.pool[found] = self.pool[known] = known
        return known

    def lasting(self, find, *about):
        """(what `find(*about)` gives, whether it stays true): it does not when it rests on an answer that is open still, or on a search that was cut off."""
        outer, self.low = self.low, _NO_CYCLE
        try:
            found = find(*about)
        finally:
            low, self.low = self.low, min(outer, self.low)
        return found, low == _NO_CYCLE

    def kept(self, memo, key, find, *about):
        """`memo[key]`, or what `find(*about)` gives, which the memo gets if it lasts."""
        found = memo.get(key, memo)
        if found is memo:
            found, lasts = self.lasting(find, *about)
            if lasts:
                memo[key] = found
        return found

    def apart(self, find, *about):
        """What `find(*about)` gives, asked as if no question were open."""
        state = self.active, self.provisional, self.members, self.low, self.depth, self.sure
        self.active, self.provisional, self.members, self.low, self.depth, self.sure = {}, {}, [], _NO_CYCLE, 0, 0
        try:
            return find(*about)
        finally:
            self.active, self.provisional, self.members, self.low, self.depth, self.sure = state

    def cut(self):
        """What is being answered rests on something that is not known in full yet: it is not remembered."""
        self.low = -1

    def _settle(self, mark):
        """The head of a cycle is known: forget its members, or keep them when there are many."""
        keep = len(self.members) - mark > LARGE_CYCLE
        for member in self.members[mark:]:
            value = self.provisional.pop(member)[0]
            if keep:
                self.memo[member] = value
        del self.members[mark:]
