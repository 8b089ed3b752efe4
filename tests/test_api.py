"""What the crate and the program offer against lists of it: nothing is added, changed or taken away without a word."""

import difflib
import platform
import sys
from pathlib import Path

import pytest

from api import commands, render, rustdoc

FOLDER = Path(__file__).resolve().parent / "api"
# Layouts of rustdoc's JSON that render.py was written for. Any other that it cannot read is a reason to skip.
LAYOUTS = {57}

ADVICE = """
What is offered is another than tests/api says. If that is meant:
  make api          writes the lists anew; they belong to the change
docs/promises.md says which number of the version such a change raises."""


def kept(name):
    return (FOLDER / name).read_text().splitlines()


def difference(old, new):
    lines = difflib.unified_diff(old, new, "kept", "now", n=0, lineterm="")
    return [line for line in lines if not line.startswith(("@@", "---", "+++"))]


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """A Rust whose rustdoc is understood, shown on a small crate that has one of everything."""
    json = rustdoc.describe(FOLDER / "small.rs", "small", tmp_path_factory.mktemp("small"))
    try:
        wrong = difference(kept("small.txt"), render.render(json))
    except (AttributeError, KeyError, TypeError) as error:
        wrong = [repr(error)]
    if wrong and json["format_version"] not in LAYOUTS:
        pytest.skip(f"rustdoc's JSON of this Rust has layout {json['format_version']}, unknown to tests/api/render.py")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="a list of x86-64 Linux")
def test_the_public_api_is_the_one_that_is_kept(layout, tmp_path):
    changed = difference(kept("public.txt"), render.render(rustdoc.crate(tmp_path)))
    assert not changed, "\n".join([*changed[:60], ADVICE])


def test_commands_and_options_are_those_that_are_kept():
    changed = difference(kept("commands.txt"), commands.render())
    assert not changed, "\n".join([*changed[:60], ADVICE])


def test_every_change_of_a_signature_is_seen(layout, tmp_path):
    """Each of these would break somebody's program, and takes its line from the list."""
    changes = [
        ("pub fn kept(&self)", "pub fn kept(&mut self)", "pub fn shapes::Stripped::kept(&self) -> u8"),
        ("pub const LARGEST", "const LARGEST", "pub const shapes::Stripped::LARGEST: u8"),
        ("Debug, PartialEq)]", "Debug)]", "impl<const N: usize> PartialEq for Point<N>"),
        ("Circle(f64, bool)", "Circle(f64)", "shapes::Shape::Circle(f64, bool)"),
        ("pub shown: u8", "pub shown: u16", "pub shapes::Stripped::shown: u8"),
        ("pub trait Measure: Sync", "pub trait Measure", "pub trait Measure: Sync (no dyn)"),
        ("    #[non_exhaustive]\n", "", "#[non_exhaustive] pub enum shapes::Shape<'a, T: ?Sized = str>"),
        ("pub struct Local(pub *const u8)", "pub struct Local(pub usize)", "impl !Send for Local"),
        ("usize {\n        2\n", "usize;\n    fn more(&self) {\n",
         "fn Measure::twice(&self, _pair: (u8, &str)) -> usize { .. }"),
        ("pub fn unnamed", "fn unnamed", "pub fn unnamed() -> hidden::Unnamed (private)"),
    ]
    text = (FOLDER / "small.rs").read_text()
    for old, new, _ in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    source = tmp_path / "changed.rs"
    source.write_text(text)
    now = render.render(rustdoc.describe(source, "small", tmp_path))
    for *_, line in changes:
        assert line in kept("small.txt") and line not in now, line


def test_what_rustdoc_refuses_is_said(tmp_path):
    source = tmp_path / "wrong.rs"
    source.write_text("pub fn wrong() -> Missing {}")
    with pytest.raises(rustdoc.Unavailable, match="Missing"):
        rustdoc.describe(source, "wrong", tmp_path)
