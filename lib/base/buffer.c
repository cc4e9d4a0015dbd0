#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A short message then takes one allocation, a report a handful. */
enum { CAPACITY_MIN = 256 };

static void check_consistent(const ll_buffer *b)
{
    assert(b != NULL);
    assert((b->data == NULL) == (b->capacity == 0));
    assert(b->data == NULL || b->length < b->capacity);
    assert(b->data != NULL || b->length == 0);
}

/* As realloc(), but that the old place of what may be secret keeps nothing. */
static char *move(const ll_buffer *b, size_t capacity)
{
    if (!b->secret || b->data == NULL)
        return realloc(b->data, capacity);
    char *data = malloc(capacity);
    if (data == NULL)
        return NULL;
    memcpy(data, b->data, b->length + 1);
    explicit_bzero(b->data, b->capacity);
    free(b->data);
    return data;
}

/* Makes room for that many bytes more and the NUL. */
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
    char *data = bytes < capacity - b->length ? move(b, capacity) : NULL;
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

/* Returns the bytes it takes, having appended them if they fit; negative if they cannot be had. */
__attribute__((format(printf, 2, 0))) static int print(ll_buffer *b, const char *format,
                                                       va_list args)
{
    size_t room = b->capacity - b->length;
    int bytes = vsnprintf(b->data + b->length, room, format, args);

    if (bytes >= 0 && (size_t)bytes < room)
        b->length += (size_t)bytes;
    else
        b->data[b->length] = '\0'; /* take back what was cut off */
    return bytes;
}

void ll_buffer_printf(ll_buffer *b, const char *format, ...)
{
    va_list args, again;

    assert(format != NULL);
    if (!reserve(b, 0))
        return;

    va_start(args, format);
    va_copy(again, args);
    size_t length = b->length;
    int bytes = print(b, format, args);
    if (bytes >= 0 && b->length != length + (size_t)bytes && reserve(b, (size_t)bytes))
        bytes = print(b, format, again);
    if (bytes < 0)
        b->failed = true;
    va_end(again);
    va_end(args);
}

char *ll_buffer_take(ll_buffer *b)
{
    if (!reserve(b, 0)) {
        ll_buffer_free(b);
        return NULL;
    }
    char *data = b->data;
    data[b->length] = '\0'; /* nothing was appended: the room is new */
    *b = (ll_buffer){ 0 };
    return data;
}

void ll_buffer_free(ll_buffer *b)
{
    if (b == NULL)
        return;
    if (b->secret && b->data != NULL)
        explicit_bzero(b->data, b->capacity);
    free(b->data);
    *b = (ll_buffer){ 0 };
}
