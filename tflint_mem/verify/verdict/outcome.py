"""What a run of a snippet shows of itself: did it come to its repeats, to the flagged line, to an end?"""


def ran(run):
    """Did the flagged code run for at least one repeat (whatever ended it)?"""
    return (
        bool(run.attempt().of("sample"))
        or run.status == "leaves"
        or run.status in ("memory", "timeout")
        and run.last("begin") is not None
    )


def refused(run):
    """Did the snippet itself raise?"""
    error = run.last("error")
    return error is not None and error["where"] == "snippet"


def hangs(run):
    """Did the child wait for something that did not come?  Either its own code gave up waiting, or our time was up long
    after its last repeat.  Without TensorFlow in the process that forks it is no hang of this kind, but a service that waits."""
    watched = run.last("watched")
    if watched is not None and "TimeoutError" in watched["raised"]:
        return True
    if run.status != "timeout" or run.last("begin") is None or not (run.loaded or run.last("begin")["tensorflow"]):
        return False
    samples = run.of("sample")
    longest = max((sample["busy"] for sample in samples), default=0.0)
    last = run.last("begin")["wall"] + (samples[-1]["t"] if samples else 0.0)
    return run.ended - last > max(8.0, 3 * longest)


def hang_message(run):
    if run.status == "timeout":
        return f"a worker did not answer; it was ended after {run.seconds:.0f} s"
    return "a worker did not answer in the time that the code gives it"


def at_flagged(error, snippet):
    place = snippet.render().rows.get(snippet.flagged)
    return place is not None and place[0] == "__main__" and error.get("row") == place[1]


def reached(run, snippet):
    """Was the flagged line seen, or can it not be seen (AutoGraph runs a copy of it)?"""
    watched = run.last("watched")
    if watched is None or watched["reached"]:
        return True
    rendered = snippet.render()
    text = rendered.text
    return rendered.rows.get(snippet.flagged) is None or "tf.function" in text or "@function" in text or ".map(" in text


def held_bytes(run):
    """(bytes that the first repeats left behind after a collection, bytes of the largest array of the snippet), or None."""
    by_name = {event["at"]: event for event in run.of("settled")}
    if "start" not in by_name or "base" not in by_name:
        return None
    start, base = by_name["start"], by_name["base"]
    name = "heap" if start.get("heap") is not None and base.get("heap") is not None else "rss"
    arrays = run.last("arrays")
    return base[name] - start[name], arrays["largest"] if arrays else None
