"""PostgreSQL's numeric division, a second time: Python integers, nothing shared with pgskew.

check_random.py holds this to the recorded numeric-*.csv before it relies on it.
"""
import math


class Num:
    """A decimal: n / 10**scale, n >= 0."""

    def __init__(self, n, scale=0):
        self.n, self.scale = n, scale

    def weight_and_lead(self):
        """The base-10000 weight, and the leading base-10000 digit."""
        if self.n == 0:
            return 0, 0
        pad = -self.scale % 4
        n, groups = self.n * 10 ** pad, (self.scale + pad) // 4
        length = (len(str(n)) + 3) // 4
        return length - 1 - groups, n // 10000 ** (length - 1)

    def __truediv__(self, other):
        (w1, f1), (w2, f2) = self.weight_and_lead(), other.weight_and_lead()
        q = w1 - w2 - (f1 <= f2)
        scale = max(16 - 4 * q, self.scale, other.scale, 0)
        top = self.n * 10 ** (scale + other.scale)
        bottom = other.n * 10 ** self.scale
        return Num((2 * top + bottom) // (2 * bottom), scale)

    def aligned(self, other):
        scale = max(self.scale, other.scale)
        return self.n * 10 ** (scale - self.scale), other.n * 10 ** (scale - other.scale), scale

    def distance(self, other):
        a, b, scale = self.aligned(other)
        return Num(abs(a - b), scale)

    def __ge__(self, other):
        a, b, _ = self.aligned(other)
        return a >= b

    def rounded(self, scale):
        if scale >= self.scale:
            return Num(self.n * 10 ** (scale - self.scale), scale)
        step = 10 ** (self.scale - scale)
        return Num((2 * self.n + step) // (2 * step), scale)

    def __str__(self):
        if self.scale == 0:
            return str(self.n)
        text = str(self.n).rjust(self.scale + 1, "0")
        return text[:-self.scale] + "." + text[-self.scale:]


def root(value, scale):
    """Square root, rounded half away from zero at `scale`."""
    n = value.n * 10 ** (2 * (scale + 1) - value.scale) if value.scale <= 2 * (scale + 1) else None
    assert n is not None
    return Num((math.isqrt(n) + 5) // 10, scale)
