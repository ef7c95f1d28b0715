"""A figure is closed behind its last use, where it is used nowhere else."""

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.figures import close_figure


def closed(body, call="plt."):
    code = Code("import matplotlib.pyplot as plt\n\n\ndef draw(x, kept):\n" + body)
    view, node = code.call(call)
    return code.apply(close_figure(view, node)).partition("kept):\n")[2]


@pytest.mark.parametrize(
    "body, after",
    [
        (
            "    plt.figure()\n    plt.plot(x)\n    print(x)\n",
            "    plt.figure()\n    plt.plot(x)\n    plt.close()\n    print(x)\n",
        ),
        ("    f = plt.figure()\n    f.savefig(x)\n", "    f = plt.figure()\n    f.savefig(x)\n    plt.close(f)\n"),
        (
            "    f, (a, b) = plt.subplots(1, 2)\n    for y in x:\n        b.plot(y)\n    return x\n",
            "    f, (a, b) = plt.subplots(1, 2)\n    for y in x:\n        b.plot(y)\n    plt.close(f)\n    return x\n",
        ),
    ],
)
def test_behind_the_last_use(body, after):
    assert closed(body) == after


@pytest.mark.parametrize(
    "body, why",
    [
        ("    f = plt.figure()\n    plt.plot(x)\n    return f\n", "f goes elsewhere"),
        ("    f = plt.figure()\n    kept.append(f)\n", "f goes elsewhere"),
        ("    f = plt.figure()\n    kept.figure = f\n", "f goes elsewhere"),
        ("    f = plt.figure()\n    movie = Animation(f)\n    movie.save()\n", "f goes elsewhere"),
        ("    f, a = plt.subplots()\n    return lambda: a.plot(x)\n", "a goes elsewhere"),
        (
            "    f = plt.figure()\n    if x:\n        return 1\n    f.savefig(x)\n",
            "the block may be left before its end",
        ),
        (
            "    f = plt.figure()\n    f.savefig(x)\n    g = plt.figure()\n    g.savefig(x)\n",
            "several figures are open here",
        ),
        ("    f = a = plt.figure()\n    f.savefig(x)\n", "the figure has no name of its own"),
        ("    if x:\n        f = plt.figure()\n        plt.plot(x)\n    f.savefig(x)\n", "f is used in other places"),
        ("    f = plt.figure()\n    print(x)\n", "nothing draws into it in its block"),
    ],
)
def test_not_where_it_may_be_wanted(body, why):
    with pytest.raises(NoFix, match=why):
        closed(body)
