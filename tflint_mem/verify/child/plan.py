"""How long and how often a measurement repeats."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.job import Protocol

_SHARE_OF_REST = 0.4  # of the time until the end: warm-up, both phases and their collections take twice as much
_LEAST_SECONDS = 0.5
_SHARE_OF_COLLECTIONS = 0.4  # more than this of the rest is too much for them
_FEWEST_BLOCKS = 3  # with the collection before them four settled states: the fewest that can prove a slope
_OTHER_COLLECTIONS = 2  # behind the first phase, and behind `clear_session()`


class Plan:
    """How long and how often to repeat.

    protocol   "memory": all phases; "speed": warm and loop only; "once": one repeat is all there is; "held": what the
               first three repeats leave behind, once; "behind": `least` repeats, then what stands behind the loop;
               "seen": the repeats whose results are told, and nothing more
    seconds    time for `loop` and `again` together
    least/most bounds for the number of repeats of `loop`
    blocks     number of settled blocks of `again`
    vary       the rule is about values or shapes that differ from repeat to repeat: never serve the same ones twice
    rounds     a pass over the elements ends the loop, as it does in the program: what the loop around it does then
               belongs to the next repeat
    keyed      the code keeps things under keys that come from its elements: numbers are not served twice
    soft_limit resident bytes at which a phase ends early, None for no limit
    clear      end with `clear_session()`
    seed       what random numbers begin with in the repeats whose results are told
    ends       time.time() at which the process is ended, None for no end
    """

    __slots__ = (
        "protocol",
        "seconds",
        "least",
        "most",
        "blocks",
        "vary",
        "rounds",
        "keyed",
        "soft_limit",
        "clear",
        "seed",
        "ends",
    )

    def __init__(
        self,
        protocol: Protocol = "memory",
        seconds: float = 8.0,
        least: int = 8,
        most: int = 1500,
        blocks: int = 6,
        vary: bool = False,
        rounds: bool = False,
        keyed: bool = False,
        soft_limit: int | None = None,
        clear: bool = True,
        seed: int = 1,
        ends: float | None = None,
    ) -> None:
        self.protocol, self.seconds, self.least, self.most, self.blocks = protocol, seconds, least, most, blocks
        self.vary, self.keyed, self.soft_limit, self.clear, self.seed = vary, keyed, soft_limit, clear, seed
        self.ends, self.rounds = ends, rounds

    def fit_into_the_rest(self, settling: float = 0.0) -> None:
        """On a busy machine there may be less time left than was planned.  Fewer repeats with all their collections
        tell more than many that are cut off.

        settling: seconds that one collection takes, with what is counted behind it
        """
        if self.ends is None:
            return
        left = self.ends - time.time()
        if (self.blocks + _OTHER_COLLECTIONS) * settling > _SHARE_OF_COLLECTIONS * left:
            self.blocks = min(self.blocks, _FEWEST_BLOCKS)
        left -= (self.blocks + _OTHER_COLLECTIONS) * settling
        self.seconds = min(self.seconds, max(_LEAST_SECONDS, _SHARE_OF_REST * left))
