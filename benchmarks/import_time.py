"""Time `import cpeval` against `import pandas`, each in processes of their own.

Goal: below 0.3 of pandas. The time to start Python is part of both, which counts against us.
"""

import functools
import subprocess
import sys

from _timing import Row, environment, medians, show

REPEATS = 11


def run(code: str) -> None:
    """Run a line of code in a fresh process."""
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


def main() -> None:
    """Measure and print."""
    lines = {
        "Python alone": "pass",
        "import cpeval": "import cpeval",
        "import pandas": "import pandas",
    }
    median = medians({name: functools.partial(run, line) for name, line in lines.items()}, REPEATS)
    ours, pandas = median["import cpeval"], median["import pandas"]
    show(
        f"import, median of {REPEATS} processes",
        [
            Row("Python alone", median["Python alone"]),
            Row("import pandas", pandas),
            Row("import cpeval", ours, ratio=ours / pandas, goal=0.3),
        ],
    )


if __name__ == "__main__":
    main()
