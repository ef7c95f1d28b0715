"""What only a GPU shows, in one run under ten minutes: `python bench/gpu.py RECORD.json [--table FILE.md]`.

    pairs      the rules whose claims are about a GPU: `leaky.py` of each as `tflint-mem check --verify` measures it,
               and `fixed.py` at the same place; bytes per repeat as the driver counts them (NVML), as TensorFlow's
               allocator does, and on the host
    accounts   small programs that take blocks of a known size: does what the driver says of this process agree with
               what the allocator says?  With growth, with `cuda_malloc_async`, with a second process on the card, and
               where CUDA_VISIBLE_DEVICES names the card by its index and by its UUID

One process after another, each with the card for itself.  RECORD.json is written after each, and what it holds is not
run again: a run that the time (`--seconds`) ended goes on where it was.  Without a GPU there is nothing to record, and
the run says so; `tests/verify/child/test_bench_gpu.py` runs it with a stand-in for the driver and for TensorFlow.

A driver's number agrees when the blocks are in it and nothing else of their size is: the pool may have been asked for
more than was used (it doubles), never for less.  With `cuda_malloc_async` the driver gives pieces of 2 MiB.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import verify  # noqa: E402  (the bench beside this one)

CODES = """
TFM101 TFM102 TFM103 TFM106 TFM201 TFM204 TFM301 TFM302 TFM503 TFM601 TFM602 TFM603 TFM604 TFM703
""".split()
MIB = 1024 * 1024
BLOCK, BLOCKS = 64 * MIB, 8
PIECE = 2 * MIB  # what `cuda_malloc_async` asks the driver for
ACCOUNTS = ("growth", "async", "two-processes", "visible-index", "visible-uuid")


# -- accounts ---------------------------------------------------------------------------------------------------------


def account(number):
    """Takes blocks on the first GPU, and prints a row of bytes for each: asked for, allocator, driver.  In a process of
    its own.  number   of blocks
    """
    from tflint_mem.verify.child.gpu import Allocator, GpuMemory
    from tflint_mem.verify.child.nvml import NA

    gpu = GpuMemory()
    import tensorflow as tf

    allocator, held = Allocator(), []

    def shown(reading):
        return {"unknown": reading.reason} if isinstance(reading, NA) else reading

    with tf.device("GPU:0"):
        for taken in range(number + 1):
            if taken:
                held.append(tf.zeros([BLOCK], tf.uint8) + 1)
                held[-1].numpy()  # it is there, not on its way
            elif number:
                tf.zeros([1], tf.uint8).numpy()  # the context, before the first row
            print(
                json.dumps(
                    {
                        "asked": taken * BLOCK,
                        "allocator": shown(allocator.read()[0]),
                        "driver": shown(gpu.process()),
                        "others": gpu.shared_with(),
                        "devices": len(tf.config.list_physical_devices("GPU")),
                    }
                ),
                flush=True,
            )
    sys.stdin.read()  # the blocks stay until the caller has seen the rows


class Taker:
    """A process that takes blocks; `rows()` waits until it has, `end()` lets it go."""

    def __init__(self, number, **variables):
        environment = dict(os.environ, TF_FORCE_GPU_ALLOW_GROWTH="true", TF_CPP_MIN_LOG_LEVEL="3", **variables)
        self._number = number
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--account", str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def rows(self):
        """What the process has printed; raises RuntimeError when it died."""
        found = []
        while len(found) <= self._number:
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError((self._process.communicate()[1].strip().splitlines() or ["no row"])[-1])
            if line.startswith("{"):
                found.append(json.loads(line))
        return found

    def end(self):
        """End it."""
        try:
            self._process.communicate("", timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


def disagreement(rows, piece=None):
    """Why the driver's bytes are not those of the allocator, "" when they are.

    piece   the driver gives so much at a time; None: a pool doubles
    """
    first = rows[0]
    for row in rows[1:]:
        for name in ("allocator", "driver"):
            if not isinstance(row[name], int) or not isinstance(first[name], int):
                return f"the {name} does not say: {row[name]}"
        taken = row["allocator"] - first["allocator"]
        given = row["driver"] - first["driver"]
        if not row["asked"] <= taken <= row["asked"] + BLOCK:
            return f"the allocator says {taken // MIB} MiB for {row['asked'] // MIB} MiB"
        # the pool's first piece was taken before the first row
        least = taken - max(first["driver"], 0) if piece is None else taken - piece
        most = 2 * (taken + BLOCK) if piece is None else taken + BLOCK  # one block more lives while a sum is made
        if not least <= given <= most:
            return f"the driver says {given // MIB} MiB for {taken // MIB} MiB of the allocator"
    return ""


def uuid():
    """The UUID of the first GPU."""
    from tflint_mem.verify.child.gpu import GpuMemory
    from tflint_mem.verify.child.nvml import NA

    devices = GpuMemory().all_devices
    if isinstance(devices, NA) or not devices or isinstance(devices[0].uuid, NA):
        raise RuntimeError("the driver tells no UUID")
    return devices[0].uuid


def measured_account(name):
    """The record of one of ACCOUNTS."""
    second = None
    try:
        if name == "two-processes":
            second = Taker(BLOCKS)
            second.rows()
            first = Taker(BLOCKS // 2)
        elif name == "async":
            first = Taker(BLOCKS, TF_GPU_ALLOCATOR="cuda_malloc_async")
        elif name == "visible-index":
            first = Taker(BLOCKS, CUDA_VISIBLE_DEVICES="0")
        elif name == "visible-uuid":
            first = Taker(BLOCKS, CUDA_VISIBLE_DEVICES=uuid())
        else:
            first = Taker(BLOCKS)
        try:
            rows = first.rows()
        finally:
            first.end()
        why = disagreement(rows, PIECE if name == "async" else None)
        if not why and second is not None and rows[-1]["others"] < 1:
            why = "the other process is not seen"
        if not why and name.startswith("visible") and rows[-1]["devices"] != 1:
            why = f"TensorFlow sees {rows[-1]['devices']} GPUs"
        return {"rows": rows, "agrees": not why, "why": why}
    except RuntimeError as error:
        return {"rows": [], "agrees": False, "why": verify._anywhere(str(error))}
    finally:
        if second is not None:
            second.end()


# -- the record -------------------------------------------------------------------------------------------------------


def card():
    """What the driver calls the card, with its version; None without a GPU."""
    from tflint_mem.verify.child.gpu import GpuMemory
    from tflint_mem.verify.child.nvml import NA

    gpu = GpuMemory()
    if isinstance(gpu.all_devices, NA) or not gpu.all_devices:
        return None
    return {"name": str(gpu.all_devices[0].name), "count": len(gpu.all_devices), "driver": str(gpu.driver)}


def pairs(codes):
    """The items of these rules, flagged and fixed beside each other."""
    items = verify.flagged("leaky", "leaky.py", codes) + verify.fixed(codes)
    return sorted(items, key=lambda item: (item.code, item.kind != "leaky"))


def table(record):
    """The record as Markdown."""
    from tflint_mem.verify.verdict.units import size

    def bytes_of(item, meter):
        reading = item["meters"].get(meter, {}).get("flagged") or {}
        return "" if reading.get("retained") is None else size(reading["retained"])

    rows = [
        f"Measured {record['date']} on {record['card']['name']}, driver {record['card']['driver']}; "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        + ".",
        "",
        "| rule | version | verdict | NVML | allocator | host | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in sorted(record["pairs"].values(), key=lambda item: (item["code"], item["what"] != "leaky")):
        if item["verdict"] == "broken":
            continue
        verdict = item["verdict"] + (f", {item['kind']}" if item["kind"] else "")
        numbers = " | ".join(bytes_of(item, meter) for meter in ("nvml", "allocator", "rss"))
        rows.append(f"| {item['code']} | {item['what']} | {verdict} | {numbers} | {item['seconds']:.0f} |")
    rows += ["", "| account | agrees | |", "|---|---|---|"]
    rows += [f"| {name} | {'yes' if it['agrees'] else 'no'} | {it['why']} |" for name, it in record["accounts"].items()]
    return "\n".join(rows) + "\n"


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", nargs="?", type=Path, metavar="RECORD.json")
    parser.add_argument("--seconds", type=float, default=540, help="begin nothing after so many (default: 540)")
    parser.add_argument("--codes", nargs="*", default=CODES, metavar="CODE", help="the rules of the pairs")
    parser.add_argument("--accounts", nargs="*", default=ACCOUNTS, choices=ACCOUNTS, metavar="NAME")
    parser.add_argument("--table", type=Path, metavar="FILE.md", help="write the table there")
    parser.add_argument("--env", nargs="*", default=(), metavar="NAME", help="variables that measured programs get too")
    parser.add_argument("--account", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.account is not None:
        account(options.account)
        return 0
    if options.record is None:
        parser.error("a record to write is missing")
    known = card()
    if known is None:
        print("no GPU that the driver tells of: nothing is recorded", file=sys.stderr)
        return 1
    record = {"pairs": {}, "accounts": {}}
    if options.record.exists():
        record = json.loads(options.record.read_text())
    record.update(verify.surroundings(), date=datetime.date.today().isoformat(), card=known)
    began = time.monotonic()
    left = 0
    for name in options.accounts:
        if name in record["accounts"]:
            continue
        if time.monotonic() - began > options.seconds:
            left += 1
            continue
        found = record["accounts"][name] = measured_account(name)
        verify.save(options.record, record)
        print(f"{name}: {'agrees' if found['agrees'] else found['why']}", flush=True)
    for item in pairs(options.codes):
        if record["pairs"].get(item.key, verify.BROKEN)["verdict"] != "broken":
            continue
        if time.monotonic() - began > options.seconds:
            left += 1
            continue
        found = record["pairs"][item.key] = verify.measure(item, device="gpu", env=options.env)
        verify.save(options.record, record)
        print(f"{item.key}: {found['verdict']}; {found['message']}", flush=True)
    if options.table:
        options.table.write_text(table(record))
    if left:
        print(f"{left} are left: run it again with the same record", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
