"""What the API's processes leave out: libraries that only batch jobs and workers use."""

import subprocess
import sys


def test_the_api_takes_in_no_library_of_the_batch_jobs() -> None:
    """It holds two or more processes, which each start it anew."""
    unused = ("sklearn", "pandas", "ibis", "duckdb", "matplotlib", "scipy.stats", "lifelines", "faust")
    program = f"import api.app, sys; print([name for name in {unused} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
