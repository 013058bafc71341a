"""Which code made a result: by commit for readers, by content for reuse."""

import subprocess
from importlib import metadata

import pytest

from scenarios import version


@pytest.fixture
def source(tmp_path, monkeypatch):
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim" / "model.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr(version, "ROOT", tmp_path)
    return tmp_path


def determine():
    return version.code_version.__wrapped__()


def git(folder, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


def test_without_a_repository_it_is_the_package(source, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: "1.2.3")
    found = determine()
    assert (found.name, found.dirty, str(found)) == ("1.2.3", False, "1.2.3")


def test_a_change_that_is_not_committed_is_said(source):
    git(source, "init", "--quiet")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "-m", "first")
    clean = determine()
    assert not clean.dirty
    assert len(clean.name) == 12
    (source / "sim" / "model.py").write_text("x = 2\n", encoding="utf-8")
    changed = determine()
    assert (changed.name, changed.dirty) == (clean.name, True)
    assert str(changed).endswith("+ changes")
    assert changed.digest != clean.digest


def test_the_digest_follows_content_and_names(source):
    first = determine().digest
    assert determine().digest == first
    (source / "sim" / "model.py").rename(source / "sim" / "other.py")
    assert determine().digest != first
    (source / "notes.txt").write_text("x", encoding="utf-8")
    (source / "sim" / "other.py").rename(source / "sim" / "model.py")
    assert determine().digest == first
