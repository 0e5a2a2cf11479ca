"""Time `cpeval evaluate examples/help/study.toml` as a process, imports included.

Goal: below 10 s, of which below 3 s our own. "Our own" is what remains when the time that Python
spends on importing other packages is taken off: their modules' own times, as ``-X importtime``
counts them in further runs.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _timing import Row, environment, medians, show

REPEATS = 3
STUDY = Path(__file__).parents[1] / "examples" / "help" / "study.toml"
#: import time: self [us] | cumulative | imported package
LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


def evaluate(*options: str) -> str:
    """Run the command into a folder that goes again; return what it wrote to standard error."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *options, "-m", "cpeval", "evaluate", str(STUDY)]
        done = subprocess.run(
            [*command, "--out", folder], capture_output=True, text=True, env=environment()
        )
    if done.returncode:
        sys.exit(f"cpeval evaluate gave exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stderr


def parts() -> tuple[float, float, int]:
    """Run once more; return the whole, the importing of others' modules, and how many they are."""
    start = time.perf_counter()
    found = LINE.findall(evaluate("-X", "importtime"))
    whole = time.perf_counter() - start
    others = [int(us) for us, name in found if name.partition(".")[0] != "cpeval"]
    return whole, sum(others) / 1e6, len(others)


def main() -> None:
    """Measure and print."""
    median = medians({"whole": evaluate}, REPEATS)
    whole, others, count = sorted(parts() for _ in range(REPEATS))[REPEATS // 2]
    show(
        f"cpeval evaluate examples/help, median of {REPEATS}; the parts: of {REPEATS} more",
        [
            Row("the whole command", median["whole"], goal=10),
            Row(f"importing {count:,} modules of others", others),
            Row("our own", whole - others, goal=3),
        ],
    )


if __name__ == "__main__":
    main()
