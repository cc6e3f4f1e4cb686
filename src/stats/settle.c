/* Exact decimals are needed only where rounding is a close call. A double carries an error of a
 * few parts in 10^16, PostgreSQL's quotients one of less than 10^-16 of the divisor's reciprocal;
 * both are far below a thousandth of the fourth decimal for every value a snapshot may hold
 * (skews below 10^6, partitions up to 10^6). Anything nearer to a tie goes the long way. */
#include <math.h>

#include "stats/stats.h"

bool pgs_settle(double approx, int digits, double *rounded) {
    static const double POWER[] = {1, 10, 100, 1000, 10000};
    double scaled = approx * POWER[digits];
    double below = floor(scaled), rest = scaled - below;
    if (!(scaled < 1e11) || fabs(rest - 0.5) < 1e-3)
        return false;
    *rounded = (below + (rest > 0.5)) / POWER[digits];
    return true;
}
