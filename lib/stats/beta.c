#include "stats/beta.h"

#include "stats/logit.h"
#include "stats/normal.h"
#include "stats/quadrature.h"
#include "stats/special.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

static const double two_pi = 6.28318530717958647692528676656;
static const double ln_half = -0.693147180559945309417232121458;

/* Past this, with both parameters, the continued fraction takes too many steps. */
static const double both_large = 4096.0;

/* The parameters, with the one thing about them that is dear to compute. */
typedef struct beta {
    double a, b;
    double peak; /* of the density of the logit ln(x/y); it is at the mean */
} beta;

static beta beta_of(double a, double b)
{
    assert(a >= LL_BETA_PARAMETER_MIN && a <= LL_BETA_PARAMETER_MAX);
    assert(b >= LL_BETA_PARAMETER_MIN && b <= LL_BETA_PARAMETER_MAX);

    double n = a + b;
    double stirling =
        ll_special_stirling_error(n) - ll_special_stirling_error(a) - ll_special_stirling_error(b);
    return (beta){ .a = a, .b = b, .peak = sqrt(a / n * b / two_pi) * exp(stirling) };
}

static beta mirrored(const beta *of)
{
    return (beta){ .a = of->b, .b = of->a, .peak = of->peak };
}

/* a - n x = a y - b x, without losing what the products round away. */
static double off_mean(const beta *of, double x, double y)
{
    double product = of->b * x;
    double rounding = fma(of->b, x, -product);

    return fma(of->a, y, -product) - rounding;
}

/* x^a y^b / B(a, b): the peak less the deviance a ln(a/(n x)) + b ln(b/(n y)). */
static double logit_density(const beta *of, double x, double y)
{
    if (x <= 0 || y <= 0)
        return 0.0;
    x = fmax(x, DBL_MIN); /* below, products with it would vanish */
    y = fmax(y, DBL_MIN);
    double n = of->a + of->b;
    double off = off_mean(of, x, y);
    double deviance =
        ll_special_deviance(of->a, n * x, off) + ll_special_deviance(of->b, n * y, -off);
    return of->peak * exp(-deviance);
}

double ll_beta_logit_density(double x, double y, double a, double b)
{
    beta of = beta_of(a, b);

    return logit_density(&of, x, y);
}

/* ---- tails ------------------------------------------------------------- */

/* x^a y^b / B(a, b) over I_x(a, b), for x below the mean or near it: the continued fraction of
 * Didonato & Morris 1992 (ACM TOMS 18:360, BFRAC), which takes a y - b x as it is, by Lentz's
 * method. It has a term for every two of the usual one. */
static double fraction(const beta *of, double x, double y)
{
    double a = of->a, b = of->b;
    double off = off_mean(of, x, y);
    double value = a * (off + 1.0) / (a + 1.0);
    double c = value, d = 0.0;

    for (int i = 1; i < 20000; i++) {
        double m = i;
        double before = a + 2.0 * m - 1.0;
        double numerator =
            (a + m - 1.0) / before * ((a + b + m - 1.0) / before) * m * (b - m) * x * x;
        double term =
            m + m * (b - m) * x / before + (a + m) * (off + 1.0 + m * (1.0 + y)) / (before + 2.0);
        d = term + numerator * d;
        c = term + numerator / c;
        d = 1.0 / (d == 0 ? DBL_MIN : d);
        c = c == 0 ? DBL_MIN : c;
        value *= c * d;
        if (fabs(c * d - 1.0) <= DBL_EPSILON)
            break;
    }
    return value;
}

/* ln of the logit's density `step` further on, less that at x. */
static double ln_ratio(const beta *of, double x, double y, double off, double step)
{
    return off * step - (of->a + of->b) * ll_logit_divergence(x, y, step);
}

/* How far below x, on the scale of the logit, the density has fallen by e^-45. */
static double reach(const beta *of, double x, double y, double off)
{
    double curvature = (of->a + of->b) * x * y;
    double far = 90.0 / (off + sqrt(off * off + 90.0 * curvature));

    for (int i = 0; i < 60 && ln_ratio(of, x, y, off, -far) > -45.0; i++)
        far *= 1.25;
    return far;
}

/* The lower tail for x at or below the mean: the density of the logit, integrated downwards. */
static double lower_by_quadrature(const beta *of, double x, double y)
{
    enum { PANELS = 12 };
    double off = off_mean(of, x, y);
    double width = reach(of, x, y, off) / PANELS;
    double sum = 0.0;

    for (int panel = 0; panel < PANELS; panel++) {
        for (int i = 0; i < LL_QUADRATURE_NODES; i++) {
            double step = -width * (panel + ll_quadrature_nodes[i]);
            sum += ll_quadrature_weights[i] * exp(ln_ratio(of, x, y, off, step));
        }
    }
    return sum * width * logit_density(of, x, y);
}

static bool are_both_large(const beta *of)
{
    return of->a > both_large && of->b > both_large;
}

/* Is x on the side of the mean where the lower tail is the one to compute? */
static bool is_low(const beta *of, double x, double y)
{
    if (are_both_large(of))
        return off_mean(of, x, y) >= 0;
    return x * (of->a + of->b + 2.0) < of->a + 1.0;
}

/* For x on that side. */
static double lower_tail(const beta *of, double x, double y)
{
    if (x <= 0)
        return 0.0;
    x = fmax(x, DBL_MIN);
    if (are_both_large(of))
        return fmin(lower_by_quadrature(of, x, y), 1.0);
    return fmin(logit_density(of, x, y) / fraction(of, x, y), 1.0);
}

static ll_beta_tails tails(const beta *of, double x, double y)
{
    if (is_low(of, x, y)) {
        double lower = lower_tail(of, x, y);
        return (ll_beta_tails){ .lower = lower, .upper = 1.0 - lower };
    }
    beta other = mirrored(of);
    double upper = lower_tail(&other, y, x);
    return (ll_beta_tails){ .lower = 1.0 - upper, .upper = upper };
}

ll_beta_tails ll_beta_cdf(double x, double y, double a, double b)
{
    beta of = beta_of(a, b);

    assert(x >= 0 && y >= 0 && x <= 1 && y <= 1);
    return tails(&of, x, y);
}

/* ---- quantiles --------------------------------------------------------- */

/* What is sought: the point where one of the tails is p <= 1/2. */
typedef struct target {
    double p;
    bool upper;
} target;

static double tail_of(const target *t, ll_beta_tails both)
{
    return t->upper ? both.upper : both.lower;
}

/* A start for ln x: the normal approximation to it, or, where x is spread widely, the power law
 * that the lower tail follows near 0. */
static double first_guess(const beta *of, const target *t)
{
    double n = of->a + of->b;
    double spread = sqrt(of->b / of->a / (n + 1.0)); /* standard deviation over mean */
    double ln_mean = log(of->a / n);
    double z = ll_normal_isf(t->p);

    if (spread < 0.3 || t->upper)
        return ln_mean + (t->upper ? z : -z) * spread;
    double front = logit_density(of, of->a / n, of->b / n) / of->a;
    return (log(t->p) - log(front)) / of->a + ln_mean;
}

/* The solution if it is at most 1/2: Newton's method on the logarithm of the tail over ln x,
 * inside a bracket that every step narrows. */
static double solve_small(const beta *of, const target *t)
{
    double ln_p = log(t->p);
    double low = -800.0, high = ln_half + 1e-9;
    double ln_x = fmax(fmin(first_guess(of, t), ln_half - 1e-3), -700.0);

    for (int i = 0; i < 200; i++) {
        double x = exp(ln_x);
        double y = -expm1(ln_x);
        double tail = tail_of(t, tails(of, x, y));
        double error = tail > 0 ? log(tail) - ln_p : -INFINITY;
        if ((error < 0) != t->upper)
            low = ln_x;
        else
            high = ln_x;
        double slope = logit_density(of, x, y) / y / tail; /* of the tail's logarithm by ln x */
        double next = ln_x - error / (t->upper ? -slope : slope);
        double grain = 1e-15 * fmax(1.0, -ln_x) * slope; /* what the digits of ln x allow */
        if (fabs(error) < 1e-9 + grain) /* what a last step leaves is the square of that */
            return fmin(exp(fmin(fmax(next, low), high)), 0.5);
        if (!(next > low && next < high)) /* also where the tail has no slope: no number */
            next = 0.5 * (low + high);
        ln_x = next;
    }
    return fmin(exp(ln_x), 0.5);
}

static ll_logit_point solve(double p, bool upper, double a, double b)
{
    beta of = beta_of(a, b);
    target t = { .p = p, .upper = upper };

    assert(p > 0 && p < 1);
    if (p > 0.5)
        t = (target){ .p = 1.0 - p, .upper = !upper }; /* the subtraction is exact */
    double at_half = tail_of(&t, tails(&of, 0.5, 0.5));
    if ((at_half >= t.p) != t.upper) {
        double x = solve_small(&of, &t);
        return (ll_logit_point){ .x = x, .y = 1.0 - x };
    }
    beta other = mirrored(&of);
    t.upper = !t.upper;
    double y = solve_small(&other, &t);
    return (ll_logit_point){ .x = 1.0 - y, .y = y };
}

ll_logit_point ll_beta_solve_lower(double p, double a, double b)
{
    return solve(p, false, a, b);
}

ll_logit_point ll_beta_solve_upper(double p, double a, double b)
{
    return solve(p, true, a, b);
}

double ll_beta_quantile(double p, double a, double b)
{
    return solve(p, false, a, b).x;
}

double ll_beta_upper_quantile(double p, double a, double b)
{
    return solve(p, true, a, b).x;
}
