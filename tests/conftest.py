"""Every test runs as a user without configuration or state of his own: nothing of whoever runs the tests decides about them."""

import os

import pytest

# Some shells forbid Python to write compiled modules; a tool that is installed has them, and so has what is tested here.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def nobody(tmp_path_factory, monkeypatch):
    """Empty folders of the user, for this process and those that it starts; returns the one with both in it."""
    home = tmp_path_factory.getbasetemp() / "nobody"
    for name, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")):
        (home / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(home / folder))
    return home


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share something costly of their module run in one process, one after the other; all others anywhere."""
    for item in items:
        of_module = [
            definition
            for definitions in item._fixtureinfo.name2fixturedefs.values()
            for definition in definitions
            if definition.scope == "module" and definition.baseid and item.nodeid.startswith(definition.baseid)
        ]
        if of_module:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
