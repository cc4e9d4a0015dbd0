/* quadrature.h - Gauss & Legendre's rule of 16 nodes on [0, 1]: exact for polynomials up to
 * degree 31, and for smooth functions on a short panel as good as that.
 *
 * Uses: nothing. */
#ifndef LL_STATS_QUADRATURE_H
#define LL_STATS_QUADRATURE_H

#define LL_QUADRATURE_NODES 16

extern const double ll_quadrature_nodes[LL_QUADRATURE_NODES]; /* ascending */
extern const double ll_quadrature_weights[LL_QUADRATURE_NODES];

/* The integrals from 0 to each node, from the values at the nodes: that of the polynomial of
 * degree 15 through them. */
void ll_quadrature_running(const double *values, double *out_integrals);

#endif
