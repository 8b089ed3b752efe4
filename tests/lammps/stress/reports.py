"""Reports of sanitizers and valgrind in which the plugin's own code is named; other libraries' are counted alone.

usage: reports.py FILE...
"""

import re
import sys
from pathlib import Path

OURS = re.compile(r"ionscapeplugin\.so|Ionscape|ComputeConductivityAtom|ComputeSOAPAtom")
# A report's first line, by AddressSanitizer, UndefinedBehaviorSanitizer, LeakSanitizer and valgrind.
FIRST = re.compile(r"^(==\d+==ERROR: .*Sanitizer.*|\S+:\d+:\d+: runtime error: .*|(?:Direct|Indirect) leak of .*|"
                   r"==\d+== (?:Invalid|Conditional jump|Use of uninit|Syscall param|Source and dest|Argument|"
                   r"Mismatched|Jump to|Process terminating|.* bytes in .* blocks are definitely lost).*)$")


def reports(text):
    """The reports of a log, each as its lines; one ends with an empty line."""
    found, open_ = [], False
    for line in text.splitlines():
        if FIRST.match(line):
            found.append([])
            open_ = True
        elif not line.strip() or re.fullmatch(r"==\d+== *", line):
            open_ = False
        if open_:
            found[-1].append(line)
    return found


def main(paths):
    ours, others = [], 0
    for path in paths:
        for report in reports(Path(path).read_text(errors="replace")):
            if any(OURS.search(line) for line in report):
                ours.append(report)
            else:
                others += 1
    for report in ours:
        print("\n".join(report), "\n")
    print(f"{len(paths)} logs: {len(ours)} reports name ionscape, {others} do not")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
