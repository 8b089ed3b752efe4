"""What tests of several folders share."""

import pathlib

import pytest

TOOLS = pathlib.Path(__file__).parent.parent / ".venv-processors"


@pytest.fixture(scope="session")
def emulator():
    """The program that plays other processors."""
    if not (TOOLS / "qemu").exists():
        reason = TOOLS / "reason"
        pytest.skip(reason.read_text().strip() if reason.exists() else "make test fetches qemu, and has not yet")
    return TOOLS / "qemu"
