"""Every test runs as a user without configuration or state of his own: nothing of whoever runs the tests decides about them."""

import pytest


@pytest.fixture(autouse=True)
def nobody(tmp_path_factory, monkeypatch):
    """Empty folders of the user, for this process and those that it starts; returns the one with both in it."""
    home = tmp_path_factory.getbasetemp() / "nobody"
    for name, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")):
        (home / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(home / folder))
    return home
