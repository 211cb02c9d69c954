"""`sfsync init`: the first files, from five questions, in an empty folder and from an installed wheel."""

import os
import pty
import subprocess
import sys
import zipfile

import pytest

from sfsync import config, starter
from sfsync.pocketorg.server import PocketOrg
from sfsync.starter import Answers
from tests.conftest import METADATA, ROOT, environ
from tests.shell import sfsync

FILES = {
    "config/sfsync.yaml",
    "config/sfsync.schema.json",
    "templates/order_form.xml",
    "templates/terms.xml",
    "Procfile",
    ".env.example",
    ".gitignore",
}


def files(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield running


def test_two_words_are_enough_for_a_form_to_look_at(tmp_path):
    done = sfsync("init", "--company", "Acme", "--stage", "Closed Won", cwd=tmp_path)
    assert done.returncode == 0
    assert files(tmp_path) >= FILES
    settings = (tmp_path / "config" / "sfsync.yaml").read_text("utf-8")
    assert 15 <= len(settings.splitlines()) <= 25
    assert settings.startswith("# yaml-language-server: $schema=sfsync.schema.json\n")
    assert sfsync("preview", "--sample", "usual", cwd=tmp_path).returncode == 0
    assert (tmp_path / "preview.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("template", starter.templates())
def test_every_template_comes_with_all_that_it_needs_and_nothing_else(tmp_path, template):
    answers = Answers(company="Acme", login="", stage="Won", template=template, time_zone="UTC")
    list(starter.write(tmp_path, starter.files(answers)))
    done = sfsync("check", "--offline", "--strict", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Everything is in place.")


def test_the_files_of_a_new_folder_work_at_once(org, tmp_path):
    done = sfsync("init", "--company", "Acme", env=environ(org), cwd=tmp_path)
    assert "The org is called Pocket Org; it has 11 stages." in done.stdout
    loaded = config.load(tmp_path / "config" / "sfsync.yaml").settings
    assert (loaded.order_forms[0].stage, loaded.currency, loaded.zone.key) == ("Order Form", "USD", "Europe/Berlin")
    assert f"SF_LOGIN_URL={org.instance_url}" in (tmp_path / ".env.example").read_text("utf-8")
    assert sfsync("check", env=environ(org), cwd=tmp_path).returncode == 0


def test_the_questions_are_asked_at_a_terminal_with_the_orgs_answers_as_defaults(org, tmp_path):
    main, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sfsync", "init"],
        cwd=tmp_path,
        env={**os.environ, **environ(org), "PYTHONPATH": str(ROOT)},
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
    ) as asking:
        os.write(main, b"Acme\n\n10\n\nAmerica/New_York\n")
        said, _ = asking.communicate(timeout=60)
    assert said.count("?") >= 5
    assert "10 Closed Won" in said
    loaded = config.load(tmp_path / "config" / "sfsync.yaml").settings
    assert (loaded.company.name, loaded.order_forms[0].stage) == ("Acme", "Closed Won")
    assert loaded.zone.key == "America/New_York"


def test_what_is_there_already_is_named_and_left(tmp_path):
    (tmp_path / "Procfile").write_text("web: mine\n")
    done = sfsync("init", "--company", "Acme", "--stage", "Won", cwd=tmp_path)
    assert "Procfile: is there already, and is left as it is" in done.stdout
    assert (tmp_path / "Procfile").read_text() == "web: mine\n"
    sfsync("init", "--company", "Other", "--stage", "Lost", cwd=tmp_path)
    assert config.load(tmp_path / "config" / "sfsync.yaml").settings.company.name == "Acme"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stage", "Won"], "--company: What is the company's name? Nobody can be asked here: give --company."),
        (["--company", "Acme"], "--stage: Which stage asks for the form? Nobody can be asked here: give --stage."),
        (["--company", "Acme", "--stage", "Won", "--time-zone", "Berlin"], "--time-zone: 'Berlin' is not a time zone."),
        (["--company", "Acme", "--stage", "Won", "--template", "form.xml"], "--template: 'form.xml' is none of them."),
    ],
)
def test_an_answer_that_is_missing_or_wrong_is_named_and_nothing_is_written(tmp_path, arguments, said):
    done = sfsync("init", *arguments, cwd=tmp_path)
    assert (done.returncode, files(tmp_path)) == (2, set())
    assert said in done.stderr


def test_a_stage_that_the_org_does_not_have_is_named_with_the_nearest(org, tmp_path):
    done = sfsync("init", "--company", "Acme", "--stage", "Order From", env=environ(org), cwd=tmp_path)
    assert done.stderr == "--stage: 'Order From' is none of them. Did you mean Order Form?\n"


def test_an_org_that_refuses_is_said_and_the_answers_count(tmp_path):
    wrong = {"SF_LOGIN_URL": "http://127.0.0.1:9", "SF_CLIENT_ID": "x", "SF_CLIENT_SECRET": "y"}
    done = sfsync("init", "--company", "Acme", "--stage", "Won", env=wrong, cwd=tmp_path)
    assert done.returncode == 0
    assert "The org could not be asked; your answers count." in done.stdout


@pytest.mark.parametrize(
    "name", ["Yes", "null", "# 1", "Foo: Bar", 'Say "Hi"', "O'Neill & Söhne", "0815", "- x", "{{ x }}"]
)
def test_any_name_comes_out_as_it_went_in(tmp_path, name):
    answers = Answers(company=name, login="", stage=name, template="order_form.xml", time_zone="UTC")
    list(starter.write(tmp_path, starter.files(answers)))
    loaded = config.load(tmp_path / "config" / "sfsync.yaml").settings
    assert (loaded.company.name, loaded.order_forms[0].stage) == (name, name)


def test_it_works_from_an_installed_wheel(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    folder = tmp_path / "new"
    folder.mkdir()
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sfsync.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, str(tmp_path / "installed")]
    done = subprocess.run(
        [*command, "init", "--company", "Acme", "--stage", "Won"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert files(folder) >= FILES
