"""Text from the code under check, made safe to print: names, strings, exceptions, source rows.

Whoever writes the code under check chooses such text, and whoever reads the report reads it in a terminal or in the log
of a build, which both obey what they are shown.  So a character that a person cannot see becomes an escape that he can
(`\\x1b`, `\\u202e`, `\\n`), and what a build service would take for an order is broken up.  Every report and every
message prints such text through this module, and through nothing else.

    field(text)      one field of a row: no control character, no line end, no direction override, no lone surrogate
    code(text)       the same for a row of code: tabs stay
    block(text)      the same for text of several rows: their ends stay, each row is a `row`
    row(text)        a finished row, colours and all: it does not begin like an order to a build service
    picture(c)       one character of code where columns count: it takes one cell
    plain(text)      for formats with escapes of their own: lone surrogates, which no encoding has, become visible
    dumps(value)     JSON that every parser takes
"""

import re

# Spaces that Python's `isprintable` does not count as printable; they show as what they are.
_SPACES = frozenset("\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
# Azure Pipelines, TeamCity and old GitHub runners obey these anywhere in a row, GitHub `::` at its beginning.
_ORDER = re.compile(r"##(?=\w*\[)")
_FIRST = re.compile(r"^((?:\s|\x1b\[\d+m)*):(?=:)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def field(text: str) -> str:
    """`text` for one row, with visible escapes."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in _SPACES else _escape(c) for c in text)
    return _ORDER.sub(r"#\\x23", text) if "##" in text else text


def code(text: str) -> str:
    """A row of code, without its line end, with visible escapes; tabs stay."""
    return "\t".join(map(field, text.split("\t")))


def row(text: str) -> str:
    """A finished row of a report that does not begin like an order to a build service."""
    if "##" in text:
        text = _ORDER.sub(r"#\\x23", text)
    return _FIRST.sub(r"\1\\x3a", text) if "::" in text else text


def block(text: str) -> str:
    """Text of several rows: their ends stay, everything else is as in `code` and `row`."""
    return "\n".join(row(code(part)) for part in text.split("\n"))


def picture(character: str) -> str:
    """A character that takes one cell and does nothing."""
    if character.isprintable() or character in _SPACES:
        return character
    return chr(0x2400 + ord(character)) if ord(character) < 32 else "\ufffd"


def plain(text: str) -> str:
    """`text` without lone surrogates, which neither UTF-8 nor a strict parser of JSON can hold."""
    return text if text.isascii() else _SURROGATE.sub(lambda match: _escape(match.group()), text)


def dumps(value: object, indent: int | None = 2) -> str:
    """`value` as JSON in ASCII: no lone surrogate, no `NaN`, and no order to a build service in a log."""
    import json

    try:
        text = json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(value), indent=indent)
    if _ESCAPED_SURROGATE.search(text):
        text = json.dumps(_plain_tree(_without_nan(value)), indent=indent)
    return _ORDER.sub(r"#\\u0023", text) if "##" in text else text


def _escape(character: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    number = ord(character)
    return known or (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )


def _plain_tree(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {_plain_tree(key): _plain_tree(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_tree(item) for item in value]
    return value


def _without_nan(value: object) -> object:
    """Numbers that JSON does not have are numbers that nobody has: null."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value
