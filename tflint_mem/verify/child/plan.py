"""How long and how often a measurement repeats."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.job import Protocol


class Plan:
    """How long and how often to repeat.

    protocol   "memory": all phases; "speed": warm and loop only; "once": one repeat is all there is; "held": what the
               first three repeats leave behind, once; "behind": `least` repeats, then what stands behind the loop;
               "seen": the repeats whose results are told, and nothing more
    seconds    time for `loop` and `again` together
    least/most bounds for the number of repeats of `loop`
    blocks     number of settled blocks of `again`
    vary       the rule is about values or shapes that differ from repeat to repeat: never serve the same ones twice
    keyed      the code keeps things under keys that come from its elements: numbers that count up are not served twice
    soft_limit resident bytes at which a phase ends early, None for no limit
    clear      end with `clear_session()`
    seed       what random numbers begin with in the repeats whose results are told
    """

    __slots__ = ("protocol", "seconds", "least", "most", "blocks", "vary", "keyed", "soft_limit", "clear", "seed")

    def __init__(
        self,
        protocol: Protocol = "memory",
        seconds: float = 8.0,
        least: int = 8,
        most: int = 1500,
        blocks: int = 6,
        vary: bool = False,
        keyed: bool = False,
        soft_limit: int | None = None,
        clear: bool = True,
        seed: int = 1,
    ) -> None:
        self.protocol, self.seconds, self.least, self.most, self.blocks = protocol, seconds, least, most, blocks
        self.vary, self.keyed, self.soft_limit, self.clear, self.seed = vary, keyed, soft_limit, clear, seed
