"""Many repositories in the workers of the usual engines: `python bench/workers.py FOLDER RECORD.json [--ways …]`.

Each folder of FOLDER is a repository, checked by `tflint_mem.check_paths`.  All ways must find the same:

    serial         one after another              threads        threads of this process
    processes      a pool of processes            ray            tasks of Ray on this machine
    dask           two workers of Dask            dask-threads   one worker of Dask with two threads
    spark          two local workers of PySpark

The package must be installed for the interpreter.  An engine that is not installed is told and passed over.  A digest
of what was found is entered in RECORD.json for each way; the exit code is 1 when they differ.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

WORKERS = 2


def found_in(folder):
    """What is found in one repository, and what stands in the way of a complete result, in an order that is fixed."""
    from tflint_mem import check_paths

    report = check_paths(folder)
    return [
        *(
            (finding.code, os.path.relpath(finding.path, folder), finding.start, finding.confidence, finding.message)
            for finding in report.findings
        ),
        *(("error", notice.kind, os.path.basename(notice.path or "")) for notice in report.errors),
    ]


def serial(folders):
    return list(map(found_in, folders))


def threads(folders):
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(found_in, folders))


def processes(folders):
    with ProcessPoolExecutor(WORKERS) as pool:
        return list(pool.map(found_in, folders))


def ray(folders):
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="ERROR")
    try:
        task = ray.remote(found_in)
        return ray.get([task.remote(folder) for folder in folders])
    finally:
        ray.shutdown()


def dask(folders, workers=WORKERS, each=1):
    from dask.distributed import Client

    with Client(n_workers=workers, threads_per_worker=each, dashboard_address=None) as client:
        return client.gather(client.map(found_in, folders))


def dask_threads(folders):
    return dask(folders, 1, WORKERS)


def spark(folders):
    from pyspark import SparkConf, SparkContext

    os.environ["PYSPARK_PYTHON"] = sys.executable  # else "python3", which may be another one
    conf = SparkConf().setMaster(f"local[{WORKERS}]").set("spark.ui.enabled", "false")
    with SparkContext(conf=conf) as context:
        context.setLogLevel("ERROR")
        return context.parallelize(folders, 4 * WORKERS).map(found_in).collect()


# way -> (what runs it, package that it needs)
WAYS = {
    "serial": (serial, None),
    "threads": (threads, None),
    "processes": (processes, None),
    "ray": (ray, "ray"),
    "dask": (dask, "distributed"),
    "dask-threads": (dask_threads, "distributed"),
    "spark": (spark, "pyspark"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("record", type=Path)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--times", type=int, default=1, help="how often each way runs (default: 1)")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent)  # of this module, for workers that import it
    folders = sorted(str(path.resolve()) for path in options.folder.iterdir() if path.is_dir())
    record = json.loads(options.record.read_text()) if options.record.exists() else {}
    record.update(repositories=len(folders), workers=WORKERS, python=platform.python_version())
    ways = record.setdefault("ways", {})
    for way in options.ways:
        run, package = WAYS[way]
        if package is not None and importlib.util.find_spec(package) is None:
            print(f"{way}: {package} is not installed")
            continue
        for _ in range(options.times):
            began = time.monotonic()
            found = run(folders)
            text = json.dumps(found, default=list, sort_keys=True)
            entry = ways.setdefault(way, {"digests": [], "seconds": []})
            entry["digests"].append(hashlib.sha256(text.encode()).hexdigest()[:16])
            entry["seconds"].append(round(time.monotonic() - began, 1))
            entry["rows"] = sum(map(len, found))
            if package is not None:
                with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                    entry["version"] = importlib.metadata.version(package)
            print(way, entry, flush=True)
            options.record.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    digests = {digest for entry in ways.values() for digest in entry["digests"]}
    return 0 if len(digests) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
