"""What the trainer's process leaves out stays out, and nothing that it uses is missed."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from stream_processors.lean import begin_lean
begin_lean()
import stream_processors.trainer_process
import pyarrow as pa
made = pa.array(["a", "b"], pa.string()).to_pylist()
unused = ("sklearn", "pandas", "faust", "scipy.stats._stats_py", "scipy.optimize")
taken = [name for name in unused if name in sys.modules]
from scipy import stats
from scipy.stats import norm
from scipy import integrate
print(json.dumps({"made": made, "taken": taken, "half": norm.cdf(0.0), "mean": float(stats.gmean([1.0, 4.0])),
                  "area": float(integrate.trapezoid([1.0, 1.0]))}))
"""


def test_the_trainer_takes_in_no_more_than_it_uses() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"made": ["a", "b"], "taken": [], "half": 0.5, "mean": 2.0, "area": 1.0}
