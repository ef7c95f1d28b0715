"""Patterns that a regular expression, or a list of all they stand for, would take for ever to match: `*a*a*a…`,
`{a,b}{a,b}…`.

An automaton goes through the text once and is in all the states at the same time that the pattern allows, so the time
is that of text times pattern.  It is slower than `re` for ordinary patterns, which are left to `re`: see `heavy`.
"""

from __future__ import annotations

import re

from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    Test = Callable[[str], bool]  # of one character
    Item: TypeAlias = "str | Test | Many | Either"  # see `Automaton`

STARS, ALTERNATIVES = 3, 64  # up to here a pattern is ordinary
_MOST_STEPS = 20_000_000  # of one pattern in one run; then it matches nothing more
_LONGEST = 4_096  # characters of a path that systems take


class Many(Record, tag="many"):
    """Any number of characters that pass the test."""

    __slots__ = ()
    test: Test


class Either(Record, tag="either"):
    """One of several lists of items."""

    __slots__ = ()
    alternatives: Sequence[Sequence[Item]]


def anything(character: str) -> bool:
    """What `*` stands for where it crosses folders."""
    return True


def in_name(character: str) -> bool:
    """What `*` and `?` stand for where they do not."""
    return character != "/"


class Automaton:
    """Matches whole texts.

    items   in order: a character; a test of one (a function); Many; Either
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._tests: list[str | Test | None] = [None]  # state 0 accepts
        self._next: list[tuple[int, ...]] = [()]
        self._start = self._built(items, 0)
        self._left = _MOST_STEPS

    def match(self, text: str) -> bool:
        """Does the pattern stand for the whole text?"""
        states = self._reached((self._start,))
        tests = self._tests
        for character in text:
            self._left -= len(states)
            if not states or self._left < 0:
                return False
            following = [
                self._next[state][0]
                for state in states
                if (test := tests[state]) is not None
                and (test == character if isinstance(test, str) else test(character))
            ]
            states = self._reached(following)
        return 0 in states

    def _built(self, items: Sequence[Item], then: int) -> int:
        for item in reversed(items):
            if isinstance(item, Many):
                fork = self._state(None, ())
                self._next[fork] = (self._state(item.test, (fork,)), then)
                then = fork
            elif isinstance(item, Either):
                then = self._state(None, tuple(self._built(alternative, then) for alternative in item.alternatives))
            else:
                then = self._state(item, (then,))
        return then

    def _state(self, test: str | Test | None, following: tuple[int, ...]) -> int:
        self._tests.append(test)
        self._next.append(following)
        return len(self._tests) - 1

    def _reached(self, states: Iterable[int]) -> set[int]:
        """These states, and those that need no character to get to."""
        seen: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in seen:
                seen.add(state)
                if self._tests[state] is None:
                    waiting.extend(self._next[state])
        return seen


def items_of(text: str, many: Test, escapes: bool) -> list[Item]:
    """The items of a pattern without `**/` and braces.

    many      what `*` and `?` stand for        escapes   a backslash takes the meaning from the character behind it
    """
    items: list[Item] = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "*":
            if not items or items[-1] != Many(many):
                items.append(Many(many))
        elif character == "?":
            items.append(many)
        elif character == "[":
            end = text.find("]", position + 1 + (text[position : position + 1] in ("!", "^")))
            if end < 0:
                items.append(character)
            else:
                items.append(_one_of(text[position:end], many))
                position = end + 1
        elif character == "\\" and escapes and position < len(text):
            items.append(text[position])
            position += 1
        else:
            items.append(character)
    return items


def _one_of(inside: str, many: Test) -> Test:
    negated = inside[:1] in ("!", "^")
    ranges: list[tuple[str, str]] = []
    inside = inside[negated:]
    position = 0
    while position < len(inside):
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            ranges.append((inside[position], inside[position + 2]))
            position += 3
        else:
            ranges.append((inside[position], inside[position]))
            position += 1
    return lambda character: many(character) and any(low <= character <= high for low, high in ranges) != negated


def alternatives(pattern: str) -> int:
    """How many patterns without `**/` and braces a pattern for paths stands for."""
    number: int = 2 ** min(once(pattern).count("**/"), 20)
    for inside in re.findall(r"\{([^}]*)\}", pattern):
        number *= inside.count(",") + 1
    return number


def once(pattern: str) -> str:
    """`**/**/` says no more than `**/`."""
    return re.sub(r"(?:\*\*/){2,}", "**/", pattern)


def of_path(pattern: str) -> Automaton:
    """A pattern for whole paths as `globs` has them: `*` crosses folders, `**/` may stand for nothing, `{a,b}` for
    either.
    """
    items: list[Item] = []
    for part in re.split(r"(\*\*/|\{[^}]*\})", once(pattern)[:_LONGEST]):
        if part == "**/":
            items.append(Either([[Many(anything), "/"], []]))
        elif part.startswith("{") and part.endswith("}"):
            items.append(Either([items_of(each, anything, False) for each in part[1:-1].split(",")]))
        else:
            items += items_of(part, anything, False)
    return Automaton(items)


def heavy(line: str) -> bool:
    """Would a regular expression for a line of an ignore file try too many ways?"""
    return len(line) > _LONGEST or re.sub(r"\*\*+", "*", once(line)).count("*") > STARS


class Ignoring:
    """One line of an ignore file, with git's meaning.  negated: it takes back what others say"""

    def __init__(self, line: str) -> None:
        while line.endswith(" ") and not line.endswith("\\ "):
            line = line[:-1]
        self.negated = line.startswith("!")
        line = once(line[self.negated :])[:_LONGEST]
        self._folders_only = line.endswith("/")
        line = line.rstrip("/") if self._folders_only else line
        anchored = "/" in line
        items: list[Item] = [] if anchored else [Either([[Many(anything), "/"], []])]
        names = line.removeprefix("/").split("/")
        for number, name in enumerate(names):
            last = number == len(names) - 1
            if name == "**" and last:
                items += [anything, Many(anything)]
            elif name == "**":
                items.append(Either([[Many(anything), "/"], []]))
            else:
                items += items_of(name, in_name, True) + ([] if last else ["/"])
        self._automaton = Automaton(items)

    def match(self, path: str, is_folder: bool) -> bool:
        """Is the line about a path relative to its file?"""
        return (is_folder or not self._folders_only) and self._automaton.match(path)
