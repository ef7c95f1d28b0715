"""How the bench of versions reads its programs and writes its record; nothing is measured here."""

import importlib.util
import json
import re

import pytest

from support import ROOT
from tflint_mem.ruleset.registry import BY_CODE

SPEC = importlib.util.spec_from_file_location("bench_versions", ROOT / "bench" / "versions.py")
bench = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bench)

ENTRY = {"verdict": "confirmed", "stays": 47.3, "grows": 0.0, "objects": {"graphs": 1.0}}


@pytest.mark.parametrize("path", bench.CLAIMS, ids=lambda path: path.stem)
def test_a_claim_names_its_rule_and_environments_that_can_be_made(path):
    flagged, fixed = (bench.Program(path, kind) for kind in bench.KINDS)
    assert flagged.rule in BY_CODE and flagged.what.endswith(".")
    names = flagged.environments.split()
    assert names and set(names) <= {*bench.FIXTURES_ON, *bench.OTHERS}
    (one,), (other,) = flagged.snippets(False), fixed.snippets(False)
    assert one.render().text != other.render().text
    for snippet in (one, other):
        compile(snippet.render().text, path.name, "exec")
        assert snippet.level == "mechanism"


def test_a_pair_is_measured_at_its_place():
    found = bench.places("TFM101")
    leaky, fixed = found["flagged"], found["fixed"]
    assert (leaky.code, leaky.fix) == ("TFM101", None)
    assert re.search(r"# expect: TFM101", _row(leaky)) and _row(fixed).startswith("windows = np.load(")
    (snippet, *_) = bench.Fixture(leaky, "flagged").snippets(False)
    assert "load_model(" in snippet.render().text


def _row(finding):
    with open(finding.path, encoding="utf-8") as handle:
        return handle.read().split("\n")[finding.start[0] - 1].strip()


def test_the_record_has_a_row_for_each_measurement_and_the_versions_in_order(tmp_path):
    path = tmp_path / "versions.json"
    record = bench.load(path)
    record["environments"] = {"2.15": {"python": "3.11.7"}, "2.9": {"broken": "no wheel"}}
    record["rules"]["TFM307"] = {"fixed": {"2.21": ENTRY}, "flagged": {"2.10": ENTRY, "2.8": ENTRY, "2.21": ENTRY}}
    record["claims"]["x"] = {"flagged": {"2.15-tfp": ENTRY, "2.15": ENTRY}, "rule": "TFM301", "what": "It."}
    bench.save(path, record)
    assert bench.load(path) == record
    text = path.read_text(encoding="utf-8")
    assert text.count('"verdict"') == sum(row.count('"verdict"') for row in text.split("\n")) == 6
    assert all(row.count('"verdict"') <= 1 for row in text.split("\n"))
    assert list(json.loads(text)["rules"]["TFM307"]["flagged"]) == ["2.8", "2.10", "2.21"]
    assert list(json.loads(text)["rules"]["TFM307"]) == ["flagged", "fixed"]
    assert list(json.loads(text)["claims"]["x"]["flagged"]) == ["2.15", "2.15-tfp"]


def test_what_is_recorded_is_not_measured_again_and_a_broken_environment_is_told(tmp_path, monkeypatch, capsys):
    path = tmp_path / "versions.json"
    record = bench.load(path)
    record["rules"]["TFM101"] = {"flagged": {"2.15": ENTRY}, "fixed": {"2.15": ENTRY}}
    bench.save(path, record)

    def broken(folder, name):
        raise bench.OptionError("no Python for it in /home/somebody/envs")

    monkeypatch.setattr(bench, "environment", broken)
    arguments = ["versions.py", str(path), str(tmp_path), "--only", "fixtures", "--tensorflow", "2.15"]
    monkeypatch.setattr("sys.argv", [*arguments, "--codes", "TFM101"])
    bench.main()
    assert bench.load(path) == record and capsys.readouterr().out == ""
    monkeypatch.setattr("sys.argv", [*arguments, "--codes", "TFM102"])
    bench.main()
    assert bench.load(path)["environments"] == {"2.15": {"broken": "no Python for it in envs"}}
    assert bench.load(path)["rules"] == record["rules"]
