#include "stats/looks.h"

#include "stats/normal.h"
#include "stats/quadrature.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

/* What is integrated is not the density of z but the smoother "open": the probability, given z = x
 * at this look, that no earlier look has crossed its bound. It is 1 below all bounds and falls to
 * 0 above them. From one look to the next,
 *
 *   open_k(x) = integral over u up to bound_{k-1} of open_{k-1}(u) N(u; rho x, 1 - rho^2) du
 *
 * with rho^2 = I_{k-1} / I_k: the recursion of Armitage, McPherson & Rowe 1969 read backwards. The
 * bound is where the integral above it of open_k(x) phi(x) is what may be spent.
 *
 * Each earlier look j leaves a step in open_k, at x = bound_j / rho_jk and sqrt(1 - rho_jk^2) /
 * rho_jk wide: narrow, when the looks are close. Panels are as wide as the nearest steps allow.
 * Within a panel open_k is the polynomial through its values at the nodes of Gauss. */

enum { NODES = LL_QUADRATURE_NODES, PANELS_MAX = 64 };

/* Of Lagrange's interpolation through the nodes x of weights w, the barycentric weights:
 * (-1)^i sqrt(x (1 - x) w), Wang & Xiang 2012. Computed with 40 digits. */
static const double barycentric[NODES] = { 0.02392762112562673520963, -0.0819119155455514006421,
                                           0.1544492964117831047524,  -0.2313249144108012412932,
                                           0.304112759650247355139,   -0.3656104095333195277567,
                                           0.4100278795501251083258,  -0.4332901664782522882139,
                                           0.4332901664782522882139,  -0.4100278795501251083258,
                                           0.3656104095333195277567,  -0.304112759650247355139,
                                           0.2313249144108012412932,  -0.1544492964117831047524,
                                           0.0819119155455514006421,  -0.02392762112562673520963 };

static const double sqrt_two_pi = 2.50662827463100050241576528481;
static const double ln_two = 0.693147180559945309417232121458;

/* How exact: with panels of a sixth, a reach of 7.5 and spans of a quarter, no bound of a thousand
 * random sets of looks, most of them very uneven, moved by more than 3e-7; none had 20 panels. */

/* Normal probability beyond so many standard deviations is left out: 1e-9. */
static const double reach = 6.0;
/* Over so many standard deviations NODES nodes can integrate a normal density, */
static const double span = 5.0;
/* and exp(-x u) over so much over x. */
static const double span_decay = 10.0;
/* The width of a panel, in widths of a step at the step, and per distance far from it. */
static const double panel_widths = 3.5;
static const double panel_distances = 0.75;
/* Of what may be spent, the logarithm of the share that the upper end of a curve leaves out. */
static const double ln_left_out = -20.0;

typedef struct panel {
    double from, to;
    double open[NODES];
} panel;

/* "open" at one look: 1 below `low`, then the panels, 0 above them. */
typedef struct curve {
    double low;
    uint32_t count;
    panel panels[PANELS_MAX];
} curve;

/* A look that has a bound. */
typedef struct look {
    double information, bound;
} look;

/* What a look has left in the curve of a later one. */
typedef struct step {
    double place, width;
} step;

/* ---- the normal distribution with a logarithm for a probability --------- */

/* The z with ln P(Z > z) = ln_p, -40 if that is no less than all. */
static double quantile(double ln_p)
{
    if (ln_p > -600.0) {
        double p = exp(ln_p);
        return p < 1.0 ? ll_normal_isf(p) : -LL_LOOKS_BOUND_MAX;
    }
    double z = sqrt(-2.0 * ln_p);
    for (int i = 0; i < 4; i++)
        z += (ll_normal_ln_sf(z) - ln_p) / (z + 1.0 / z);
    return z;
}

/* ln a(t); of all alpha from t = 1 on. */
static double ln_spent(double t, double alpha)
{
    if (t >= 1.0)
        return log(alpha);
    double z = quantile(log(alpha) - ln_two) / sqrt(t);
    return fmin(ln_two + ll_normal_ln_sf(fmin(z, 1e100)), log(alpha));
}

/* ---- curves ------------------------------------------------------------ */

static double interpolate(const panel *p, double x)
{
    double place = (x - p->from) / (p->to - p->from);
    double above = 0.0, below = 0.0;

    for (int i = 0; i < NODES; i++) {
        double distance = place - ll_quadrature_nodes[i];
        if (distance == 0)
            return p->open[i];
        double share = barycentric[i] / distance;
        above += share * p->open[i];
        below += share;
    }
    return above / below;
}

/* A weight exp(shift - ((u - mean) / deviation)^2 / 2). */
typedef struct bell {
    double mean, deviation, shift;
} bell;

static double height(const bell *b, double u)
{
    double distance = (u - b->mean) / b->deviation;
    return exp(b->shift - 0.5 * distance * distance);
}

/* The integral of open times the bell from one point of the panel to another, not too far. */
static double integrate_piece(const panel *p, const bell *b, double from, double to)
{
    double width = to - from;
    bool whole = from <= p->from && to >= p->to;
    double sum = 0.0;

    for (int i = 0; i < NODES; i++) {
        double u = from + width * ll_quadrature_nodes[i];
        double open = whole ? p->open[i] : interpolate(p, u);
        sum += ll_quadrature_weights[i] * open * height(b, u);
    }
    return sum * width;
}

/* The same over as much of the panel as the bell reaches. */
static double integrate_panel(const panel *p, const bell *b)
{
    double from = p->from, to = p->to, sum = 0.0;
    double far = reach * b->deviation;

    if (to < b->mean - far || from > b->mean + far)
        return 0.0;
    if (to - from <= span * b->deviation)
        return integrate_piece(p, b, from, to);
    from = fmax(from, b->mean - far);
    to = fmin(to, b->mean + far);
    int pieces = (int)ceil((to - from) / (span * b->deviation));
    double piece = (to - from) / pieces;
    for (int i = 0; i < pieces; i++)
        sum +=
            integrate_piece(p, b, from + i * piece, i + 1 < pieces ? from + (i + 1) * piece : to);
    return sum;
}

/* open_k(x) from the curve of the look before, cut at its bound. */
static double open_at(const curve *before, const bell *b)
{
    double sum = 0.0;

    if (before->low - b->mean >= reach * b->deviation)
        return 1.0;
    for (uint32_t i = 0; i < before->count; i++)
        sum += integrate_panel(&before->panels[i], b);
    sum /= sqrt_two_pi * b->deviation;
    return fmin(sum + ll_normal_cdf((before->low - b->mean) / b->deviation), 1.0);
}

/* ---- from look to look -------------------------------------------------- */

/* Fills the steps of the looks so far, seen from now. */
static void find_steps(const look *looks, uint32_t count, double now, step *out)
{
    for (uint32_t j = 0; j < count; j++) {
        double then = looks[j].information;
        out[j].place = looks[j].bound * sqrt(now / then);
        out[j].width = sqrt((now - then) / then);
    }
}

/* How wide a panel may be that begins at x. */
static double panel_width(const step *steps, uint32_t count, double x)
{
    double width = INFINITY;

    for (uint32_t j = 0; j < count; j++)
        width = fmin(width,
                     hypot(panel_widths * steps[j].width, panel_distances * (x - steps[j].place)));
    return width;
}

/* Sets the ends between which open changes. `high` is given as the point above which nothing is to
 * be spent, and lowered to where nothing is open. */
static void find_ends(const step *steps, uint32_t count, double *low, double *high)
{
    *low = *high;
    for (uint32_t j = 0; j < count; j++) {
        *low = fmin(*low, steps[j].place - reach * steps[j].width);
        *high = fmin(*high, steps[j].place + reach * steps[j].width);
    }
    *low = fmax(*low, -LL_LOOKS_BOUND_MAX);
}

static void draw_curve(const curve *before, const look *looks, uint32_t count, double now,
                       double high, curve *out)
{
    step steps[LLMLEARN_LOOKS_MAX];
    double last = count > 0 ? looks[count - 1].information : now;
    double rho = sqrt(last / now);
    bell b = { .deviation = sqrt((now - last) / now) };

    find_steps(looks, count, now, steps);
    find_ends(steps, count, &out->low, &high);
    out->count = 0;
    for (double x = out->low; x < high && out->count < PANELS_MAX;) {
        panel *p = &out->panels[out->count++];
        double width = panel_width(steps, count, x);
        p->from = x;
        p->to = out->count < PANELS_MAX ? fmin(x + width, high) : high;
        for (int i = 0; i < NODES; i++) {
            b.mean = rho * (p->from + (p->to - p->from) * ll_quadrature_nodes[i]);
            p->open[i] = open_at(before, &b);
        }
        x = p->to;
    }
}

/* Where the integral from there to the piece's upper end is `wanted`. */
static double solve_piece(const panel *p, const bell *b, double from, double to, double wanted)
{
    double low = from, high = to;

    for (int i = 0; i < 48; i++) {
        double middle = 0.5 * (low + high);
        if (integrate_piece(p, b, middle, to) > wanted)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

/* The x above which open_k phi comes to exp(ln_wanted), no more than `closed_form`: where phi alone
 * comes to it. All is scaled by 1/phi(closed_form), so that nothing underflows. */
static double find_bound(const curve *c, double ln_wanted, double closed_form)
{
    bell b = { .deviation = 1.0, .shift = 0.5 * closed_form * closed_form };
    double left = sqrt_two_pi * exp(ln_wanted + b.shift);

    if (c->count == 0)
        return closed_form;
    for (uint32_t i = c->count; i-- > 0;) {
        const panel *p = &c->panels[i];
        for (double to = p->to; to > p->from;) {
            double from = fmax(p->from, to - fmin(span, span_decay / fmax(fabs(to), 1.0)));
            double area = integrate_piece(p, &b, from, to);
            if (area >= left)
                return solve_piece(p, &b, from, to, left);
            left -= area;
            to = from;
        }
    }
    /* Below the panels open is 1. */
    double above = exp(ll_normal_ln_sf(c->low) + b.shift);
    return quantile(log(above + left / sqrt_two_pi) - b.shift);
}

/* Takes away what lies above the bound. */
static void cut_curve(curve *c, double bound)
{
    while (c->count > 0 && c->panels[c->count - 1].from >= bound)
        c->count--;
    c->low = fmin(c->low, bound);
    if (c->count == 0)
        return;

    panel *last = &c->panels[c->count - 1];
    panel shorter = { .from = last->from, .to = fmin(last->to, bound) };
    for (int i = 0; i < NODES; i++) {
        double u = shorter.from + (shorter.to - shorter.from) * ll_quadrature_nodes[i];
        shorter.open[i] = interpolate(last, u);
    }
    *last = shorter;
}

void ll_looks_bounds(const double *information, uint32_t look_count, double information_max,
                     double alpha, bool final, double *out_bounds, double *out_spent)
{
    curve curves[2]; /* of the latest look that has a bound, and of the one at hand */
    look looks[LLMLEARN_LOOKS_MAX];
    uint32_t count = 0;
    double ln_before = -INFINITY;

    assert(look_count >= 1 && look_count <= LLMLEARN_LOOKS_MAX);
    assert(alpha > 0 && alpha < 1);

    for (uint32_t k = 0; k < look_count; k++) {
        double now = information[k]; /* which may be where the bounds go */
        bool last = k + 1 == look_count;
        double t = final && last ? 1.0 : now / information_max;
        double ln_now = ln_spent(t, alpha);
        double ln_wanted = ln_now + log1p(-exp(fmin(ln_before - ln_now, 0.0)));
        curve *c = &curves[count % 2];

        assert(last || now < information_max);
        out_bounds[k] = LL_LOOKS_BOUND_MAX;
        if (out_spent != NULL)
            out_spent[k] = exp(ln_now - log(alpha));
        ln_before = ln_now;
        if (ln_wanted < ll_normal_ln_sf(LL_LOOKS_BOUND_MAX))
            continue; /* a look without a bound is no look */

        draw_curve(&curves[(count + 1) % 2], looks, count, now, quantile(ln_wanted + ln_left_out),
                   c);
        out_bounds[k] = find_bound(c, ln_wanted, quantile(ln_wanted));
        cut_curve(c, out_bounds[k]);
        looks[count++] = (look){ .information = now, .bound = out_bounds[k] };
    }
}
