"""Instructions that the kernels take, against those on record: neither may grow or shrink unnoticed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benches/counts"))
import count  # noqa: E402


def test_kernels_take_the_instructions_on_record():
    why = count.lacking()
    if why:
        pytest.skip(why)
    record = count.recorded()
    same = count.compiler() == record["compiler"]
    margin = count.MARGIN if same else count.MARGIN_OF_OTHERS
    off = count.differences(count.counts(), record["instructions"], margin)
    assert not off, "\n".join([
        f"counts differ by more than {margin:.0%} from those on record, by {record['compiler']}:",
        *off,
        "If that is meant, renew the record: make counts",
    ])


def test_what_is_off_is_told():
    record = {"same": 1000, "slower": 1000, "faster": 1000, "gone": 1}
    lines = count.differences({"same": 1020, "slower": 1040, "faster": 960, "new": 1}, record, 0.03)
    assert [line.split(":")[0] for line in lines] == ["faster", "gone", "new", "slower"]
    assert "1.040 times as many" in lines[-1]
