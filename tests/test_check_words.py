"""What `sfsync check` says of words in several languages."""

import shutil

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ
from tests.test_cli import sfsync


def test_check_names_each_word_that_a_language_lacks_and_each_that_nobody_says(tmp_path):
    for folder in ("templates", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    words = tmp_path / "templates" / "words" / "de.yaml"
    words.write_text(words.read_text("utf-8").replace("Currency: Währung", "Curency: Währung"), "utf-8")
    with PocketOrg(seed="none", metadata=[METADATA]) as org:
        done = sfsync("check", env=environ(org), cwd=tmp_path)
    assert done.returncode == 2
    assert "'Currency' is missing in templates/words/de.yaml." in done.stdout
    assert "templates/words/de.yaml:9: no template says 'Curency'." in done.stdout
