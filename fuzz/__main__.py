"""`python -m fuzz KIND --count N --seed S --jobs J`: see README.md."""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from queue import Empty, Queue

from fuzz import case as cases
from fuzz.server import KINDS, case_of
from fuzz.shrink import Shrinker

SHARE = {"programs": 50, "notebooks": 10, "projects": 5, "configurations": 2, "caches": 1}  # parts of `all`
CORPUS = Path(__file__).resolve().parent / "corpus"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tflint-mem-fuzz"
BATCH = 25
SLOW = 2.0  # CPU seconds of one run: told, not counted as a failure


class Server:
    """A fork server of its own hash seed."""

    def __init__(self, hash_seed: int):
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        home = Path(__file__).resolve().parent.parent
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=home,
        )

    def ask(self, **request) -> list[dict]:
        """The answers to one request."""
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answers = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("the fork server is gone")
            answer = json.loads(line)
            if answer.get("end"):
                return answers
            answers.append(answer)
            if "case" in request:
                return answers

    def judge(self, case: cases.Case, seed: object, thorough: bool) -> dict:
        """The answer for a case at hand."""
        with tempfile.TemporaryDirectory() as scratch:
            return self.ask(case=str(cases.save(case, Path(scratch) / "case")), seed=seed, thorough=thorough)[0]

    def close(self) -> None:
        """Let it end."""
        self.process.stdin.close()
        self.process.wait()


class Campaign:
    """A run over many inputs: what failed, how often, how long it took."""

    def __init__(self, options):
        self.options, self.queue, self.lock = options, Queue(), threading.Lock()
        self.counts, self.kinds, self.slowest, self.codes = Counter(), Counter(), [], Counter()
        self.examples, self.errors = {}, []
        self.end = time.monotonic() + options.minutes * 60

    def run(self, work: list[tuple[str, int, int]]) -> None:
        """Serve `(kind, first, last)` batches with all jobs."""
        for position, item in enumerate(work):
            self.queue.put((position, item))
        threads = [threading.Thread(target=self._work, args=(job,)) for job in range(self.options.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, job: int) -> None:
        try:
            server, twin = Server(job + 1), None
            while True:
                try:
                    position, (kind, first, last) = self.queue.get_nowait()
                except Empty:
                    break
                if time.monotonic() > self.end:
                    break
                request = {"kind": kind, "seed": self.options.seed, "first": first, "last": last}
                answers = server.ask(**request)
                if position % self.options.twice == 0:  # the same inputs under another hash seed
                    twin = twin or Server(job + 1001)
                    self._compare(kind, answers, twin.ask(**request))
                for answer in answers:
                    self._take(kind, answer)
            for each in (server, twin):
                if each is not None:
                    each.close()
        except Exception as error:
            self.errors.append(repr(error))

    def _compare(self, kind: str, one: list[dict], two: list[dict]) -> None:
        digests = {answer["input"]: answer["digest"] for answer in two}
        for answer in one:
            if answer["digest"] != digests.get(answer["input"]) and not answer["failures"]:
                answer["failures"].append(["other findings under another hash seed", ""])

    def _take(self, kind: str, answer: dict) -> None:
        with self.lock:
            self.counts[kind] += 1
            if self.counts[kind] % 5000 == 0:
                print(f"  {kind}: {self.counts[kind]} done", flush=True)
            self.codes.update(answer["codes"])
            self.slowest = sorted([*self.slowest, (answer["seconds"], kind, answer["input"])], reverse=True)[:20]
            for what, detail in answer["failures"]:
                self.kinds[what] += 1
                if what not in self.examples:
                    self.examples[what] = (kind, answer["input"], detail)
                    print(f"  {kind} {self.options.seed} {answer['input']}: {what}", flush=True)


def write_out(campaign: Campaign, options) -> None:
    """One file for each kind of failure: the smallest input found, with seed and traceback beside it."""
    if not campaign.examples:
        return
    folder = Path(options.findings)
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(1)
    for what, (kind, number, detail) in campaign.examples.items():
        case = case_of(kind, options.seed, number)
        if options.shrink and not what.startswith("other findings"):
            case = _smaller(server, case, what, options)
        name = "".join(c if c.isalnum() else "-" for c in what)[:80].strip("-")
        path = cases.save(case, folder / name)
        path.with_name(path.name + ".txt").write_text(
            f"{what}\n{campaign.kinds[what]} of {campaign.counts[kind]}\n"
            f"python -m fuzz {kind} --seed {options.seed} --first {number} --count 1\n\n{detail}\n"
        )
        print(f"  wrote {path}")
    server.close()


def _smaller(server: Server, case: cases.Case, what: str, options) -> cases.Case:
    def fails(candidate: cases.Case) -> bool:
        return any(what == kind for kind, _ in server.judge(candidate, "shrink", True)["failures"])

    trials = 12 if what.startswith("over ") else options.trials
    return Shrinker(fails, trials).shrink(case) if fails(case) else case


def run_corpus(options) -> int:
    """Judge everything that was ever wrong, thoroughly; returns how many fail."""
    server, failed = Server(1), 0
    paths = sorted(
        path
        for path in CORPUS.rglob("*")
        if path.is_file() and path.suffix in (".py", ".ipynb", ".json") and options.only in str(path)
    )
    for path in paths:
        answer = server.ask(case=str(path), seed=0, thorough=True)[0]
        for what, detail in answer["failures"]:
            failed += 1
            print(f"  {path.relative_to(CORPUS)}: {what}")
            if options.details:
                print(detail)
    server.close()
    print(f"corpus: {len(paths)} inputs, {failed} failures")
    return failed


def main() -> int:
    """Run; returns the exit code: 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("kind", choices=(*KINDS, "all", "corpus"))
    parser.add_argument("--count", type=int, default=1000, help="inputs; of `all`, over all kinds (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first input (default: 0)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=1e6, metavar="M", help="begin nothing new after so many minutes"
    )
    parser.add_argument(
        "--twice", type=int, default=20, metavar="N", help="every N-th batch also under another hash seed (default: 20)"
    )
    parser.add_argument(
        "--findings",
        default=str(CACHE / "findings"),
        metavar="FOLDER",
        help=f"where failing inputs go (default: {CACHE / 'findings'})",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="of the corpus: files with this in their path")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false", help="write failing inputs out as they are")
    parser.add_argument("--trials", type=int, default=150, help="runs to make one failing input smaller (default: 150)")
    parser.add_argument("--details", action="store_true", help="show tracebacks")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    options = parser.parse_args()
    if options.kind == "corpus":
        return int(run_corpus(options) > 0)
    shares = SHARE if options.kind == "all" else {options.kind: 1}
    work = []
    for kind, share in shares.items():
        last = options.first + max(1, options.count * share // sum(shares.values()))
        work += [(kind, first, min(first + BATCH, last)) for first in range(options.first, last, BATCH)]
    campaign, began = Campaign(options), time.time()
    campaign.run(work)
    took = time.time() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = round(used.ru_utime + used.ru_stime)
    write_out(campaign, options)
    figures = {
        "seed": options.seed,
        "inputs": dict(campaign.counts),
        "seconds": round(took),
        "CPU seconds": cpu,
        "jobs": options.jobs,
        "failures": dict(campaign.kinds),
        "slowest s": [list(row) for row in campaign.slowest],
        "findings by rule": dict(sorted(campaign.codes.items())),
    }
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    if options.details:
        for what, (kind, number, detail) in campaign.examples.items():
            print(f"--- {what} ({kind} {number})\n{detail}")
    total = sum(campaign.counts.values())
    print(
        f"{total} inputs ({', '.join(f'{count} {kind}' for kind, count in campaign.counts.items())}) in {took:.0f} s "
        f"({cpu} s CPU), "
        f"{sum(campaign.kinds.values())} failures of {len(campaign.kinds)} kinds; slowest run "
        f"{campaign.slowest[0][0] if campaign.slowest else 0} s CPU"
    )
    for what, count in campaign.kinds.most_common():
        print(f"  {count:5} {what}")
    for error in campaign.errors:
        print(f"  the fuzzer itself: {error}")
    return int(bool(campaign.kinds or campaign.errors))


if __name__ == "__main__":
    sys.exit(main())
