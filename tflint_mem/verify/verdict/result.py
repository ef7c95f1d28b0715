"""What a verification leaves behind: its runs, its numbers, and the dictionary of the JSON contract."""

import time

from tflint_mem.verify.standins.action import Rewrite, rewritten

from .outcome import held_bytes
from .verdict import NOT_RUNNABLE


class Runs:
    """What was run for one finding.

    snippet, run                the flagged version and its Run
    fixed_snippet, fixed_run    the same after the fix, or None
    behind, seen                what stands behind the loop, and what a short run through it saw (the probe's event), or None
    setup, rewrites             the stand-ins that the flagged version was given at run time
    """

    __slots__ = ("snippet", "run", "fixed_snippet", "fixed_run", "behind", "seen", "setup", "rewrites")

    def __init__(self, snippet, run, setup=()):
        stand_ins = run.of("stand-in")
        self.snippet, self.run = snippet, run
        self.fixed_snippet = self.fixed_run = self.behind = self.seen = None
        self.setup = list(setup) + [event["code"] for event in stand_ins if event["code"]]
        self.rewrites = [event["rewrite"] for event in stand_ins if event["rewrite"]]

    @property
    def stand_ins(self):
        """Sentences for the report."""
        return list(
            dict.fromkeys(
                self.snippet.stand_ins + [event["text"] for event in self.run.of("stand-in") if event["text"]]
            )
        )

    def text(self):
        """The flagged version as it ran."""
        return _rewritten(self.snippet.render()[0], self.rewrites)

    def fixed_text(self):
        """The fixed version as it ran, "" when there is none."""
        return _rewritten(self.fixed_snippet.render()[0], self.rewrites) if self.fixed_snippet is not None else ""


class Result:
    """What a verification found.

    finding       with `verification` set to the dictionary of the JSON contract
    flagged, fixed   Measured or None: the numbers and curves behind the dictionary
    snippet, fixed_snippet   text of what ran, "" when nothing did
    setup         code of the stand-ins that were made at run time
    log           the end of what the flagged version printed, when it did not run
    """

    __slots__ = ("finding", "flagged", "fixed", "snippet", "fixed_snippet", "setup", "log")

    def __init__(self, finding, flagged=None, fixed=None, snippet="", fixed_snippet="", setup=(), log=""):
        self.finding, self.flagged, self.fixed = finding, flagged, fixed
        self.snippet, self.fixed_snippet, self.setup, self.log = snippet, fixed_snippet, list(setup), log

    @property
    def verification(self):
        """The dictionary of the JSON contract."""
        return self.finding.verification

    def reproduction(self, fixed=False):
        """The snippet as one runnable file: stand-ins first, then what ran."""
        text = self.fixed_snippet if fixed else self.snippet
        if not self.setup or not text:
            return text
        head, mark, rest = text.partition("\nimport os\n")
        return head + mark + "\n# Stand-ins for what was missing\n" + "\n".join(self.setup) + rest


def device_name(environment, options):
    """ "GPU (NVIDIA H200)", or "CPU" with why: verdicts then come from host memory."""
    if options.device != "cpu" and environment["gpus"]:
        names = sorted({gpu["name"] for gpu in environment["driver_gpus"] if gpu["name"] and gpu.get("visible", True)})
        return "GPU" + (f" ({', '.join(names)})" if names else "")
    return "CPU"


def not_runnable(finding, options, environment, began, needs):
    empty = {"raw": None, "retained": None}
    verification = {
        "verdict": NOT_RUNNABLE,
        "kind": None,
        "mechanism": None,
        "device": device_name(environment, options),
        "iterations": 0,
        "seconds": round(time.monotonic() - began, 1),
        "meters": [
            {
                "name": name,
                "unit": "objects/repeat" if name == "objects" else "bytes/repeat",
                "flagged": dict(empty),
                "fixed": None,
            }
            for name in ("rss", "nvml", "allocator", "objects")
        ],
        "stand_ins": [],
        "needs": needs,
        "message": "not runnable: needs " + "; ".join(needs),
    }
    if environment.get("unprotected"):
        verification["unprotected"] = environment["unprotected"]
    return Result(finding.replace(verification=verification))


def meters(flagged, fixed, options, environment):
    """The meters of the JSON contract; a number that was not measured is null."""
    meters = [
        {
            "name": "rss",
            "unit": "bytes/repeat",
            "flagged": flagged.host.as_json(),
            "fixed": fixed.host.as_json() if fixed is not None else None,
        }
    ]
    if options.device != "cpu" and (environment["gpus"] or environment["driver_gpus"]):
        for name in ("nvml", "allocator"):
            meters.append(
                {
                    "name": name,
                    "unit": "bytes/repeat",
                    "flagged": getattr(flagged, name).as_json(),
                    "fixed": getattr(fixed, name).as_json() if fixed is not None else None,
                }
            )
    else:
        for name in ("nvml", "allocator"):
            meters.append(
                {
                    "name": name,
                    "unit": "bytes/repeat",
                    "flagged": {"raw": None, "retained": None},
                    "fixed": {"raw": None, "retained": None} if fixed is not None else None,
                }
            )
    raw, kept = flagged.objects_growth()
    entry = {"name": "objects", "unit": "objects/repeat", "flagged": _pair(raw, kept), "fixed": None}
    if fixed is not None:
        entry["fixed"] = _pair(*fixed.objects_growth())
    meters.append(entry)
    return meters


def held_meters(run, fixed_run):
    """Meters of a rule about what one call holds: bytes in all, not per repeat."""

    def held(which):
        found = held_bytes(which) if which is not None else None
        return {"raw": found[0] if found else None, "retained": found[0] if found else None}

    empty = {"raw": None, "retained": None}
    meters = [
        {
            "name": "rss",
            "unit": "bytes",
            "flagged": held(run),
            "fixed": held(fixed_run) if fixed_run is not None else None,
        }
    ]
    return meters + [
        {
            "name": name,
            "unit": "objects/repeat" if name == "objects" else "bytes",
            "flagged": dict(empty),
            "fixed": None,
        }
        for name in ("nvml", "allocator", "objects")
    ]


def _pair(raw, kept):
    return {"raw": None if raw is None else round(raw, 2), "retained": None if kept is None else round(kept, 2)}


def _rewritten(text, rewrites):
    return rewritten(text, [Rewrite(old, new) for old, new in rewrites])
