#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A report of a few hundred bytes then takes one or two allocations. */
enum { CAPACITY_MIN = 256 };

static void check_consistent(const ll_buffer *b)
{
    assert(b != NULL);
    assert((b->data == NULL) == (b->capacity == 0));
    assert(b->data == NULL || b->length < b->capacity);
    assert(b->data != NULL || b->length == 0);
}

/* Makes room for bytes more and the NUL. */
static bool reserve(ll_buffer *b, size_t bytes)
{
    check_consistent(b);
    if (b->failed)
        return false;
    if (bytes < b->capacity - b->length)
        return true;

    size_t capacity = b->capacity < CAPACITY_MIN ? CAPACITY_MIN : b->capacity;
    while (capacity <= SIZE_MAX / 2 && bytes >= capacity - b->length)
        capacity *= 2;
    char *data = bytes < capacity - b->length ? realloc(b->data, capacity) : NULL;
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void ll_buffer_append(ll_buffer *b, const void *data, size_t bytes)
{
    assert(data != NULL || bytes == 0);
    if (!reserve(b, bytes))
        return;
    if (bytes > 0)
        memcpy(b->data + b->length, data, bytes);
    b->length += bytes;
    b->data[b->length] = '\0';
}

/* Tries in the room there is; writes a second time only if that was too little. */
void ll_buffer_printf(ll_buffer *b, const char *format, ...)
{
    va_list args;

    assert(format != NULL);
    if (!reserve(b, 0))
        return;

    size_t room = b->capacity - b->length;
    va_start(args, format);
    int written = vsnprintf(b->data + b->length, room, format, args);
    va_end(args);
    if (written < 0) {
        b->data[b->length] = '\0';
        b->failed = true;
        return;
    }
    if ((size_t)written < room) {
        b->length += (size_t)written;
        return;
    }

    b->data[b->length] = '\0';
    if (!reserve(b, (size_t)written))
        return;
    va_start(args, format);
    int again = vsnprintf(b->data + b->length, b->capacity - b->length, format, args);
    va_end(args);
    assert(again == written);
    b->length += (size_t)again;
}

char *ll_buffer_take(ll_buffer *b)
{
    if (!reserve(b, 0)) {
        ll_buffer_free(b);
        return NULL;
    }
    char *data = b->data;
    *b = (ll_buffer){ 0 };
    return data;
}

void ll_buffer_free(ll_buffer *b)
{
    if (b == NULL)
        return;
    free(b->data);
    *b = (ll_buffer){ 0 };
}
