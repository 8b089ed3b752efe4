"""Writes anew what is promised: tests/api/public.txt and commands.txt."""

import tempfile
from pathlib import Path

import commands
import render
import rustdoc

FOLDER = Path(__file__).parent

with tempfile.TemporaryDirectory() as folder:
    api = render.render(rustdoc.crate(folder))
for name, lines in [("public", api), ("commands", commands.render())]:
    (FOLDER / f"{name}.txt").write_text("\n".join(lines) + "\n")
