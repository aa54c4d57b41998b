"""Logarithm and hyperbolic tangent of many values at once, in loops that compilers turn into vector instructions.

Every element passes the same additions, multiplications and divisions, whether in a vector or alone, so that a value
has one result in any batch. Errors are about one unit in the last place, measured against NumPy's in the tests. The
learners themselves call the C library; what serves differs from them by rounding.
"""

from typing import Final

import numpy as np

from online_model.learners.compiled import compiled

_MANTISSA: Final = (1 << 52) - 1
_EXPONENT_OF_1: Final = 1023 << 52
_WHOLE: Final = 0x433 << 52
"""With a small whole number in the lower bits: the bits of 2^52 plus that number."""
_LN2_HIGH: Final = 6.93147180369123816490e-01
"""Its last bits are 0, so that whole multiples are exact."""
_LN2_LOW: Final = 1.90821492927058770002e-10
_ROUND: Final = 1.5 * 2.0**52
"""Added and taken away again: the nearest whole number."""


@compiled
def signed_logs(v, u, bits_u, m, bits_m, e, bits_e, out):  # type: ignore[no-untyped-def]
    """sign(v) · log(1 + |v|), NaN where v is no finite number; all of shape (n,), `bits_…` the same memory as int64.

    The logarithm of u = 1 + |v| = 2^e · (1 + f) by the polynomial of FDLIBM (Sun Microsystems 1993, ``e_log.c``),
    with what rounding took from u given back, as in its ``s_log1p.c``.
    """
    for r in range(v.shape[0]):
        u[r] = 1.0 + abs(v[r])
    for r in range(v.shape[0]):
        bits_m[r] = (bits_u[r] & _MANTISSA) | _EXPONENT_OF_1
        bits_e[r] = (bits_u[r] >> 52) | _WHOLE
    for r in range(v.shape[0]):
        size = abs(v[r])
        large = m[r] > 1.4142135623730951
        f = (0.5 * m[r] if large else m[r]) - 1.0
        power = (e[r] - (2.0**52 + 1023.0)) + (1.0 if large else 0.0)
        s = f / (2.0 + f)
        z = s * s
        w = z * z
        even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
        odd = z * (
            6.666666666666735130e-01
            + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
        )
        half = 0.5 * f * f
        lost = (size - (u[r] - 1.0)) / u[r]
        found = power * _LN2_HIGH - ((half - (s * (half + (even + odd)) + (power * _LN2_LOW + lost))) - f)
        known = found if size < np.inf else np.nan
        out[r] = known if v[r] >= 0.0 else -known


@compiled
def tanhs(v, power, bits, out):  # type: ignore[no-untyped-def]
    """tanh v = 1 − 2 / (e^2v + 1); all of shape (n,), `bits` the memory of `power` as int64.

    e^x = 2^k · e^r with |r| ≤ ln 2 / 2, where a Taylor sum of 14 terms is exact but for rounding.
    """
    for r in range(v.shape[0]):
        x = 2.0 * min(max(v[r], -20.0), 20.0)
        whole = (x * 1.4426950408889634 + _ROUND) - _ROUND
        power[r] = whole + (2.0**52 + 1023.0)
        rest = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
        term = 1.0 / 6227020800.0
        term = term * rest + 1.0 / 479001600.0
        term = term * rest + 1.0 / 39916800.0
        term = term * rest + 1.0 / 3628800.0
        term = term * rest + 1.0 / 362880.0
        term = term * rest + 1.0 / 40320.0
        term = term * rest + 1.0 / 5040.0
        term = term * rest + 1.0 / 720.0
        term = term * rest + 1.0 / 120.0
        term = term * rest + 1.0 / 24.0
        term = term * rest + 1.0 / 6.0
        term = term * rest + 0.5
        term = term * rest + 1.0
        out[r] = term * rest + 1.0
    for r in range(v.shape[0]):
        bits[r] = bits[r] << 52  # the whole number stands in the lowest bits; those above are shifted out
    for r in range(v.shape[0]):
        out[r] = 1.0 - 2.0 / (out[r] * power[r] + 1.0)
