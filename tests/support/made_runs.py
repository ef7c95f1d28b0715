"""Made-up runs for tests of verdicts: the events that a child would have sent, from what each meter reads."""

from tflint_mem.finding import Finding
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.plan.options import Options
from tflint_mem.verify.snippet.snippet import Rendered
from tflint_mem.verify.verdict import judge
from tflint_mem.verify.verdict.runs import Runs

MIB = 1 << 20
FLAT = 500 * MIB


def made(
    loop=30,
    blocks=6,
    each=10,
    kept=None,
    garbage=None,
    counts=None,
    raw_counts=None,
    status="done",
    error=None,
    slow=False,
    meters=("nvml", "allocator"),
    missing=None,
    before=None,
    noise=None,
):
    """A Run of `loop` repeats, then `blocks` of `each`.

    kept, garbage   {meter: bytes per repeat} that stay, or that wait for the next collection; "rss" and "heap" rise together
    counts          {kind: per repeat} that stay; raw_counts: before a collection
    noise           {meter: [bytes]} added to the settled states, in turn
    """
    kept, garbage, counts = dict(kept or {}), dict(garbage or {}), dict(counts or {})
    names = ("heap", "rss", *meters)
    events, number, waiting = [{"event": "attempt", "number": 0}], [0], [0]
    if before is not None:
        events.append({"event": "gpu", "device": before})

    def reading(name):
        own = "heap" if name == "rss" else name
        return FLAT + kept.get(own, 0) * number[0] + garbage.get(own, 0) * waiting[0]

    def counted(more=None):
        rates = dict({"models": 0, "functions": 0, "graphs": 0, "variables": 0, "tensors": 0}, **counts)
        rates.update(more or {})
        return {kind: rate * number[0] for kind, rate in rates.items()}

    def sample(phase):
        number[0] += 1
        waiting[0] += 1
        events.append(
            dict(
                {name: reading(name) for name in names},
                event="sample",
                phase=phase,
                t=number[0] * 0.1,
                busy=0.1,
                **({"na": missing} if missing else {}),
            )
        )

    def settle(at, count):
        waiting[0] = 0
        shift = {
            name: values[len([e for e in events if e["event"] == "settled"]) % len(values)]
            for name, values in (noise or {}).items()
        }
        event = {name: reading(name) + shift.get("heap" if name == "rss" else name, 0) for name in names}
        events.append(dict(event, event="settled", at=at, n=count, t=number[0] * 0.1, counts=counted()))

    for _ in range(3):
        sample("warm")
    settle("base", 3)
    for _ in range(loop):
        sample("loop")
    events.append(dict({name: reading(name) for name in names}, event="raw", n=loop, counts=counted(raw_counts)))
    if blocks:
        settle("loop", loop)
    for _ in range(blocks):
        for _ in range(each):
            sample("again")
        settle("block", each)
    if error is not None:
        events.append(
            dict(
                {"event": "error", "where": "snippet", "repeats": number[0], "own": True, "row": 1, "line": "step()"},
                **error,
            )
        )
    if status in ("done", "exhausted", "ended"):
        events.append(
            {
                "event": "end",
                "reason": status,
                "repeats": number[0],
                "extended": False,
                "limit": False,
                "elements": None,
                "peak": None,
                "slow": slow,
            }
        )
    return Run(status, events, 1.0, 0, 0, "")


def result_of(run, code="TFM204", fixed=None, same=False, group=None, **facts):
    """The Result of judge() on made-up runs.  same: each repeat is a call with the same stand-ins."""

    class Snippet:
        stand_ins, parts, count, keyed, flagged, behind, constant = [], False, None, False, ("a.py", 1), None, False
        level = "as-written"

        def render(self, stand_ins=None):
            return Rendered("@function\nstep()\n", {("a.py", 1): ("__main__", 2)} if group == "tf1" else {})

    finding = Finding(
        code=code,
        name="x",
        group=group or ("leak" if code != "TFM601" else "config"),
        severity="error",
        message="m",
        path="a.py",
        start=(1, 1),
        end=(1, 1),
    )
    runs = Runs(Snippet(), run)
    runs.snippet.constant = same
    if fixed is not None:
        runs.fixed_snippet, runs.fixed_run = Snippet(), fixed
    environment = dict({"gpus": ["GPU:0"], "driver_gpus": [{"name": "one"}]}, **facts)
    return judge.judge(finding, Options(), environment, runs, 0.0)
