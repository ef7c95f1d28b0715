"""Programs: a fixture, or several, with statements, expressions and tokens spliced in, moved, wrapped and damaged."""

from random import Random

from fuzz import material
from fuzz.case import Case

LARGEST = 20_000  # bytes: mutants of mutants must not grow without end


def make(rng: Random) -> Case:
    """One mutated program."""
    return Case("programs", {"case.py": program(rng)})


def program(rng: Random, rounds: int | None = None) -> bytes:
    """The bytes of a mutated fixture; most of them still parse."""
    text = material.text(rng.choice(material.files()))
    if rounds is None:
        rounds = rng.choice((1, 1, 2, 2, 3, 4, 6, 9))
    for _ in range(rounds):
        if len(text) > LARGEST:
            break
        mutate = rng.choices(_MUTATIONS, _WEIGHTS)[0]
        pieces = material.pieces(text)
        if pieces is None or not pieces.statements:
            mutate = tokens
        text = mutate(rng, text, pieces)
    raw = text.encode("utf-8", "surrogateescape" if _has_escapes(text) else "surrogatepass")
    return damage(rng, raw) if rng.random() < 0.12 else raw


def _has_escapes(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _donor(rng: Random) -> material.Pieces:
    while True:
        pieces = material.pieces(material.text(rng.choice(material.files())))
        if pieces is not None and pieces.statements and pieces.expressions:
            return pieces


def _block(rng: Random) -> list[bytes]:
    """A statement as rows: one from a fixture, or an odd one."""
    if rng.random() < 0.35:
        return rng.choice(material.odd())
    donor = _donor(rng)
    return donor.block(rng.choice(donor.statements))


def _indented(block: list[bytes], column: int) -> bytes:
    margin = b" " * column
    return b"\n".join(margin + row if row.strip() else row for row in block)


def insert(rng: Random, text: str, pieces: material.Pieces) -> str:
    """Statements from elsewhere before or behind a statement."""
    start, end, column = rng.choice(pieces.statements)
    block = _block(rng)
    for _ in range(rng.choice((0, 0, 1, 3))):
        block = block + _block(rng)
    raw = pieces.raw
    if rng.random() < 0.5:
        return _text(raw[: start - column] + _indented(block, column) + b"\n" + raw[start - column :])
    behind = raw.find(b"\n", end)
    behind = len(raw) if behind < 0 else behind
    return _text(raw[:behind] + b"\n" + _indented(block, column) + raw[behind:])


def replace(rng: Random, text: str, pieces: material.Pieces) -> str:
    """A statement from elsewhere, or `pass`, in place of one."""
    start, end, column = rng.choice(pieces.statements)
    block = [b"pass"] if rng.random() < 0.3 else _block(rng)
    return _text(pieces.raw[:start] + _indented(block, column).lstrip(b" ") + pieces.raw[end:])


def duplicate(rng: Random, text: str, pieces: material.Pieces) -> str:
    """A statement of the file again, at another place of it."""
    block = pieces.block(rng.choice(pieces.statements)) * rng.choice((1, 1, 2, 8))
    start, _, column = rng.choice(pieces.statements)
    return _text(pieces.raw[: start - column] + _indented(block, column) + b"\n" + pieces.raw[start - column :])


def wrap(rng: Random, text: str, pieces: material.Pieces) -> str:
    """A statement inside a loop, a function, a class, a `with` ..."""
    start, end, column = rng.choice(pieces.statements)
    block = pieces.block((start, end, column))
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        head = rng.choice(material.WRAPPERS).encode("utf-8").split(b"\n")
        block = [*head, *((b"    " + row if row.strip() else row) for row in block)]
        if head == [b"try:"]:
            block += rng.choice(([b"except Exception:", b"    pass"], [b"finally:", b"    pass"]))
    return _text(pieces.raw[:start] + _indented(block, column).lstrip(b" ") + pieces.raw[end:])


def expression(rng: Random, text: str, pieces: material.Pieces) -> str:
    """An expression from elsewhere, or a hard one, in place of one."""
    if not pieces.expressions:
        return text
    start, end = rng.choice(pieces.expressions)
    chance = rng.random()
    if chance < 0.2:
        new = rng.choice(material.STRINGS).encode("utf-8", "surrogatepass")
    elif chance < 0.4:
        new = rng.choice(material.HARD).encode()
    elif chance < 0.6:
        new = pieces.segment(rng.choice(pieces.expressions))
    else:
        donor = _donor(rng)
        new = donor.segment(rng.choice(donor.expressions))
    if rng.random() < 0.6:
        new = b"(" + new + b")"
    elif rng.random() < 0.2:
        new = rng.choice(
            (
                b"[%s for x in x]",
                b"(lambda: %s)",
                b"%s()",
                b"%s[0]",
                b"(await %s)",
                b"%s.x",
                b"f(%s)",
                b"[%s, *%s]",
                b"(x := %s)",
                b"{%s: %s}",
            )
        ).replace(b"%s", new)
    return _text(pieces.raw[:start] + new + pieces.raw[end:])


def rename(rng: Random, text: str, pieces: material.Pieces) -> str:
    """One name becomes another name of the file: things hold, call and import themselves."""
    if not pieces.names:
        return text
    old, new = rng.choice(pieces.names), rng.choice(pieces.names)
    if rng.random() < 0.2:
        new = rng.choice(
            (
                "tf",
                "x",
                "self",
                "model",
                "f",
                "\u00e9",
                "\u017f",
                "\ufb01",
                "__all__",
                "print",
                "range",
                "_",
                "cls",
                "tensorflow",
            )
        )
    parts = material.TOKEN.findall(text)
    often = rng.choice((1.0, 1.0, 0.5))
    return "".join(new if part == old and rng.random() < often else part for part in parts)


def decorate(rng: Random, text: str, pieces: material.Pieces) -> str:
    """A decorator on a function or class."""
    if not pieces.functions:
        return wrap(rng, text, pieces)
    start, column = rng.choice(pieces.functions)
    line = rng.choice(material.DECORATORS).encode() + b"\n" + b" " * column
    return _text(pieces.raw[:start] + line + pieces.raw[start:])


def comment(rng: Random, text: str, pieces: material.Pieces) -> str:
    """A comment, often one of ours, at the end of a row or on its own."""
    rows = text.split("\n")
    row = rng.randrange(len(rows))
    words = rng.choice(material.COMMENTS)
    rows[row] = words + "\n" + rows[row] if rng.random() < 0.3 else f"{rows[row]}  {words}"
    return "\n".join(rows)


def join(rng: Random, text: str, pieces: material.Pieces) -> str:
    """Rows joined by a backslash, a semicolon, or split inside brackets; strings over several rows."""
    rows = text.split("\n")
    row = rng.randrange(len(rows))
    how = rng.randrange(5)
    if how == 0:
        rows[row] = rows[row].replace(" = ", " = \\\n        ", 1)
    elif how == 1:
        rows[row] += "; y = \\\n    3"
    elif how == 2:
        rows[row] += '; y = """\n# noqa\n"""'
    elif how == 3:
        rows[row] = rows[row].replace("(", "(\n  # noqa\n", 1)
    else:
        rows[row] += "; " + rows[rng.randrange(len(rows))].strip()
    return "\n".join(rows)


def nest(rng: Random, text: str, pieces: material.Pieces) -> str:
    """An expression nested in itself, or a chain of one thing many times."""
    if not pieces.expressions:
        return text
    start, end = rng.choice(pieces.expressions)
    inner, times = pieces.segment((start, end)), rng.choice((3, 10, 60, 150))
    left, right = rng.choice(
        (
            (b"(", b")"),
            (b"[", b"]"),
            (b"f(", b")"),
            (b"(lambda: ", b")"),
            (b"-", b""),
            (b"not ", b""),
            (b"x + ", b""),
            (b"", b".x"),
            (b"", b"()"),
            (b"x if x else ", b""),
            (b"[x for x in ", b"]"),
            (b"tf.function(", b")"),
        )
    )
    return _text(pieces.raw[:start] + b"(" + left * times + inner + right * times + b")" + pieces.raw[end:])


def graft(rng: Random, text: str, pieces: material.Pieces) -> str:
    """Another whole fixture behind, before or inside of this one."""
    other = material.text(rng.choice(material.files()))
    rows = text.split("\n")
    place = rng.choice((0, len(rows), rng.randrange(len(rows) + 1)))
    margin = ""
    if 0 < place < len(rows):
        margin = rows[place][: len(rows[place]) - len(rows[place].lstrip(" "))]
    return "\n".join([*rows[:place], *(margin + row for row in other.split("\n")), *rows[place:]])


def tokens(rng: Random, text: str, pieces: material.Pieces | None) -> str:
    """Tokens left out, doubled, swapped, or taken from another file."""
    parts = material.TOKEN.findall(text) or [" "]
    other = material.TOKEN.findall(material.text(rng.choice(material.files()))) or [" "]
    for _ in range(rng.choice((1, 1, 2, 5))):
        place, how = rng.randrange(len(parts)), rng.randrange(6)
        if how == 0 and len(parts) > 1:
            del parts[place]
        elif how == 1:
            parts.insert(place, parts[place])
        elif how == 2:
            else_ = rng.randrange(len(parts))
            parts[place], parts[else_] = parts[else_], parts[place]
        elif how == 3:
            parts[place] = rng.choice(other)
        elif how == 4:
            length, start = rng.choice((2, 5, 20)), rng.randrange(len(other))
            parts[place:place] = other[start : start + length]
        else:
            length = rng.choice((2, 5, 20))
            parts[place : place + length] = []
            parts = parts or [" "]
    return "".join(parts)


_COOKIES = (
    b"latin-1",
    b"utf-8",
    b"cp1252",
    b"utf-16",
    b"utf-7",
    b"utf-8-sig",
    b"rot13",
    b"undefined",
    b"idna",
    b"punycode",
    b"unicode_escape",
    b"raw_unicode_escape",
    b"hex",
    b"base64",
    b"zlib",
    b"mbcs",
    b"ascii",
    b"shift_jis",
    b"big5",
    b"koi8-r",
    b"iso2022_jp",
    b"euc-kr",
    b"utf-32",
    b"none",
    b"",
    b"charmap",
    b"latin-1-unix",
    b"utf_8_sig",
    b"string_escape",
    b"bz2",
    b"uu",
    b"quopri",
    b"gb18030",
    b"hz",
    b"cp037",
    b"palmos",
    b"\xff",
)


def damage(rng: Random, raw: bytes) -> bytes:
    """The bytes of a file in another shape: line ends, encodings, marks, and bytes that do not belong there."""
    how = rng.randrange(12)
    place = rng.randrange(len(raw) + 1)
    if how == 0:
        return raw.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\r\r\n", b"\n\x0c", b"\n\n")))
    if how == 1:
        return b"\xef\xbb\xbf" * rng.choice((1, 1, 2)) + raw
    if how == 2:
        return (
            rng.choice((b"# coding: ", b"# -*- coding=", b"#!x\n# vim: fileencoding="))
            + rng.choice(_COOKIES)
            + b"\n"
            + raw
        )
    if how == 3:
        return b"# coding: latin-1\n" + raw.replace(b"#", b"# \xe9\xff", 1)
    if how == 4:
        return (
            raw[:place]
            + rng.choice(
                (
                    b"\xff",
                    b"\xe9",
                    b"\x00",
                    b"\xed\xa0\x80",
                    b"\x1a",
                    b"\x0c",
                    b"\xc2\xa0",
                    b"\xe2\x80\xa8",
                    b"\x1b[31m",
                    b"\xf0\x9f\x98\x80",
                )
            )
            + raw[place:]
        )
    if how == 5:
        return raw.replace(b"#", b"# \xe9", 1)
    if how == 6:
        return raw[:place]
    if how == 7:
        return raw.replace(b"    ", b"\t", rng.choice((1, 3, -1)))
    if how == 8:
        return raw.rstrip(b"\n") + rng.choice((b"", b"\\", b"\\\n", b"  ", b"#", b"\x0c", b"\n\t"))
    if how == 9:
        return raw.replace(b"'", b"'''", 2)
    if how == 10:
        return raw.replace(b"\n", b"\r\n", len(raw) % 7)
    return raw.replace(b" = ", b" = \\\n  ", rng.choice((1, 4)))


_MUTATIONS = (insert, replace, duplicate, wrap, expression, rename, decorate, comment, join, nest, graft, tokens)
_WEIGHTS = (16, 8, 8, 12, 14, 12, 6, 6, 5, 3, 4, 8)
