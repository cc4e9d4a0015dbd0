/* point.c - the named points of the library do nothing in a test that does not use them. */
#include "base/point.h"

void ll_point_hit(const char *name)
{
    (void)name;
}
