"""Caches and baselines that somebody else has written: cut off, of the wrong types, planted."""

import copy
import json
from random import Random

from fuzz import notebooks, programs
from fuzz.case import Case

FILLERS = 50  # the tool keeps no cache for fewer files than that


def make(rng: Random) -> Case:
    """A tree with a cache or a baseline; the damage is a random one of `planted`, made when the true one is there."""
    files = {"case.py": programs.program(rng, rng.choice((0, 0, 1))), "sub/b.py": programs.program(rng, 0)}
    seed = str(rng.getrandbits(64)).encode()
    if rng.random() < 0.5:
        files["baseline.json"] = seed
        return Case("caches", files, ("--isolated", "--no-cache"), may_fail=True, baseline=True)
    files |= {f"filler/f{i}.py": b"import os\n" for i in range(FILLERS)}
    return Case("caches", files, ("--isolated",), may_fail=False, cache=seed)


def planted(recipe: bytes, true: bytes) -> bytes:
    """What stands in place of a true cache or baseline.

    recipe   a seed in digits: the damage is drawn from it; else these bytes themselves
    """
    if not recipe.isdigit():
        return recipe
    rng = Random(recipe.decode())
    how = rng.randrange(10)
    if how == 0:
        return true[: rng.randrange(len(true) + 1)]
    if how == 1:
        return rng.choice(
            (
                b"",
                b"null",
                b"[]",
                b"{}",
                b"1",
                b"\xff\xfe",
                b"\x00" * 99,
                b"[" * 100_000,
                b'{"version": 1}',
                b'{"version": 1, "findings": null}',
                b'{"version": 1, "findings": [1]}',
                b'{"key": null}',
                b"9" * 5000,
                b'{"version":' + b"1" * 5000 + b"}",
                b'"\\ud800"',
                b'{"version": NaN, "findings": []}',
                b'{"version": 1, "findings": [{"code": [], "path": {}, "row": 1, "count": 1}]}',
                b'{"version": 1, "findings": [{"code": "TFM101", "path": "case.py", "row": "x", "count": 1e999}]}',
                b'{"version": 1, "findings": [{"code": "TFM101", "path": "\\u0000", "row": "x", "count": 1}]}',
                b'{"version": 1, "findings": [{"code": "TFM101", "path": "\\ud800", "row": "x", "count": -1}]}',
            )
        )
    if how == 2:
        place = rng.randrange(len(true) + 1)
        return true[:place] + bytes([rng.randrange(256)]) + true[place + 1 :]
    try:
        document = json.loads(true)
    except ValueError:
        return true[::-1]
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = notebooks._places(document, [])
        if not places:
            break
        container, key = rng.choice(places)
        if rng.random() < 0.15:
            del container[key]
        else:
            container[key] = copy.deepcopy(
                rng.choice(
                    (
                        *notebooks.ODD_VALUES,
                        -(10**30),
                        10**30,
                        "TFM999",
                        "../../etc/passwd",
                        "/etc/hostname",
                        [1, 2],
                        {"start": [1, 1]},
                        "\x1b[31m",
                    )
                )
            )
    return json.dumps(document).encode("utf-8", "surrogatepass")
