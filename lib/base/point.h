/* point.h - named places where a test may kill, delay or fail the process.
 *
 * LL_POINT("append.claimed") is nothing in a normal build. With -DLL_POINTS=1 it
 * calls ll_point_hit, which the test program defines.
 *
 * Uses: nothing. */
#ifndef LL_BASE_POINT_H
#define LL_BASE_POINT_H

void ll_point_hit(const char *name); /* not in the library */

#if defined(LL_POINTS)
#define LL_POINT(name) ll_point_hit(name)
#else
#define LL_POINT(name) ((void)0)
#endif

#endif
