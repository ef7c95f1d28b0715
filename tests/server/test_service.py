"""When things go wrong: the editor is told once, and the server goes on."""

import asyncio

import pytest
from lsprotocol import types
from markdown_it import MarkdownIt
from pygls.workspace import PositionCodec, Workspace

from tflint_mem.hardening.notices import FAULT, PROJECT, Notice
from tflint_mem.server import hover
from tflint_mem.server.live import Live
from tflint_mem.server.options import EditorSettings, Options
from tflint_mem.server.service import Service

LEAKY = "import tensorflow as tf\n\nfor n in range(9):\n    m = tf.keras.models.load_model('m')\n    print(m)\n"
TRAP = (
    "from data import numbers\nimport tensorflow as tf\n\nnet = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n"
    "net.compile('sgd', 'mse')\n\nif __name__ == '__main__':\n    net.predict(numbers)\n"
)
DATA = "import tensorflow as tf\n\nnumbers = tf.data.Dataset.from_tensor_slices(tf.random.normal([64, 4])).batch(8)\n"


class FakeEditor:
    """Keeps what it is told."""

    shows_related = True
    codec = PositionCodec()

    def __init__(self):
        self.workspace = Workspace(None)
        self.published, self.complaints, self.remarks = {}, [], []

    def publish(self, uri, version, found):
        self.published[uri] = [each.code for each in found]

    def complain(self, text):
        self.complaints.append(text)

    def remark(self, text):
        self.remarks.append(text)

    def open(self, path, text):
        self.workspace.put_text_document(types.TextDocumentItem(path.as_uri(), "python", 1, text))
        return path.as_uri()


@pytest.fixture
def editor():
    return FakeEditor()


def run(editor, *steps):
    """Do the steps with a service, one after the other."""

    async def go():
        service = Service(editor, Options())
        try:
            return [await step(service) for step in steps]
        finally:
            service.stop()

    return asyncio.run(go())


def changed(uri):
    async def step(service):
        service.changed(everything=True)
        return await service.current(uri)

    return step


def test_a_check_that_fails_is_told_once_and_the_next_one_runs(editor, tmp_path, monkeypatch):
    uri = editor.open(tmp_path / "leaky.py", LEAKY)
    real = Live.check

    def failing(self, *given):
        raise RuntimeError("no more\nmemory")

    async def fail(service):
        monkeypatch.setattr(Live, "check", failing)

    async def mend(service):
        monkeypatch.setattr(Live, "check", real)

    run(editor, changed(uri), fail, changed(uri), changed(uri), mend, changed(uri))
    assert editor.complaints == ["the check failed: RuntimeError: no more\nmemory"]
    assert "TFM101" in editor.published[uri]


def test_notices_are_told_once(editor, tmp_path, monkeypatch):
    uri = editor.open(tmp_path / "leaky.py", LEAKY)
    real = Live.check

    def telling(self, sources, overrides, tell, given_up=None):
        tell(Notice(kind=FAULT, text="a rule failed"))
        tell(Notice(kind=PROJECT, text="the project is cut"))
        return real(self, sources, overrides, tell, given_up)

    monkeypatch.setattr(Live, "check", telling)
    run(editor, changed(uri), changed(uri))
    assert (editor.complaints, editor.remarks) == (["a rule failed"], ["the project is cut"])


def test_text_of_the_project_is_no_markup(editor, tmp_path):
    """The hover is Markdown, and an image in it would be fetched."""
    uri = editor.open(tmp_path / "leaky.py", LEAKY)
    [result] = run(editor, changed(uri))
    [found] = [each for each in result.of(uri) if each.finding.code == "TFM101"]
    hostile = "`x` of ![i](http://host/i.png) <img src=x> é\x1b[0m"
    found = found.replace(finding=found.finding.replace(message=hostile, measured="", help=""))
    text = hover.of_findings([found]).contents.value.partition("\n")[0]
    html = MarkdownIt("commonmark", {"html": True}).render(text)
    assert html == "<p><code>x</code> of ![i](http://host/i.png) &lt;img src=x&gt; é\\x1b[0m</p>\n"


def test_a_fix_that_would_be_refused_is_not_offered(editor, tmp_path):
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "data.py").write_text(DATA)
    uri = editor.open(tmp_path / "train.py", TRAP)

    async def tried(service):
        return await service.with_fixes_that_hold(uri)

    found, held = run(editor, changed(uri), tried)
    assert [each.finding.code for each in found.of(uri) if each.finding.fix is not None] == ["TFM601"]
    assert [each.finding.fix for each in held.of(uri)] == [None]


@pytest.mark.parametrize("said", [None, [], "x", {"select": "TFM101", "pedantic": 1}, {"tflint-mem": {"ignore": [1]}}])
def test_settings_that_are_none_change_nothing(said):
    assert EditorSettings.of(said) == EditorSettings()


def test_the_editor_may_not_choose_whom_to_trust():
    """Its settings may lie in the checked tree."""
    said = {"trust": True, "config": "x", "configuration": "x", "extendSelect": ["TFM2"], "showSyntaxErrors": False}
    assert EditorSettings.of(said) == EditorSettings(overrides={"extend-select": ["TFM2"]}, syntax_errors=False)
