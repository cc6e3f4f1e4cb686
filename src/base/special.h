/* Functions that libm has too, but not with the same bits on every CPU: libm picks its code by what
 * the machine can do. Ours are plain C on +, -, *, / and sqrt, so a report never depends on the
 * machine. Errors are relative to the result, measured in tests/unit/test_special.c. */
#ifndef PGSKEW_SPECIAL_H
#define PGSKEW_SPECIAL_H

/* ---- special.c: within 1e-15, and NaN for NaN ---- */

double pgs_exp(double x);   /* 0 below -746, infinite above 709.8 */
double pgs_log(double x);   /* natural; -infinity for 0, NaN below */
double pgs_log1p(double x); /* log(1 + x), exact for tiny x too */

double pgs_cos_pi(double x); /* cos(pi x), absolute error within 1e-15; |x| <= 2^52 */

/* The standard normal distribution. Either tail keeps its digits down to 1e-300: ask for
 * pgs_normal_cdf(-x) where 1 - pgs_normal_cdf(x) is meant. */
double pgs_normal_cdf(double x);
double pgs_normal_pdf(double x);

/* x with pgs_normal_cdf(x) == p; infinite for 0 and 1, NaN outside. Within 1e-14. */
double pgs_normal_quantile(double p);

/* ---- beta.c ---- */

/* Regularised incomplete beta function I_x(a, b), a and b > 0, 0 <= x <= 1, within 1e-10. Both x
 * and y = 1 - x are given, because the smaller one has digits that the other has lost. Where
 * ab/(a+b) is beyond a million, a saddle point formula takes over, within 1e-9 down to 1e-30. */
double pgs_beta_cdf(double a, double b, double x, double y);

/* Student's t with df > 0 degrees of freedom, whole or not; within 1e-12 up to 10,000 of them.
 * Tails as for the normal. */
double pgs_student_cdf(double t, double df);

/* t with pgs_student_cdf(t, df) == p; infinite for 0, 1 and where |t| passes 1e150, NaN outside. */
double pgs_student_quantile(double p, double df);

/* Tails of a binomial of n trials with success 1 in p_inverse >= 1: P(X >= k) and P(X <= k).
 * n and k need not be whole: between whole numbers the tail runs smoothly through the exact
 * ones. Certain (1) and impossible (0) beyond the ends. */
double pgs_binomial_upper(double k, double n, double p_inverse);
double pgs_binomial_lower(double k, double n, double p_inverse);

#endif
