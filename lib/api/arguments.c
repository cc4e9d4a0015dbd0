#include "api/arguments.h"

#include "base/err.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Bigger than any struct this library will ever have: a wilder size is a caller's bug. */
#define STRUCT_BYTES_SANE 4096u
#define NAME_BYTES_MAX 64u
#define SIGNAL_BYTES_MAX 32u

static uint32_t size_of(const void *theirs)
{
    uint32_t bytes;

    memcpy(&bytes, theirs, sizeof bytes); /* struct_size comes first in every struct */
    return bytes;
}

llmlearn_err ll_arguments_check_out(const char *what, const void *theirs, uint32_t bytes_min)
{
    uint32_t bytes;

    if (theirs == NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: NULL; a pointer to the struct is required", what);
    bytes = size_of(theirs);
    if (bytes < bytes_min || bytes > STRUCT_BYTES_SANE)
        return ll_fail(LLMLEARN_EINVAL, "%s: struct_size is %u; set it to sizeof the struct (%u)",
                       what, bytes, bytes_min);
    return LLMLEARN_OK;
}

llmlearn_err ll_arguments_read(const char *what, const void *theirs, uint32_t bytes_min,
                               void *out_ours, uint32_t our_bytes)
{
    const unsigned char *bytes = theirs;
    llmlearn_err err = ll_arguments_check_out(what, theirs, bytes_min);
    uint32_t size;

    if (err != LLMLEARN_OK)
        return err;
    size = size_of(theirs);
    for (uint32_t i = our_bytes; i < size; i++)
        if (bytes[i] != 0)
            return ll_fail(LLMLEARN_EUNSUPPORTED,
                           "%s: uses a field that this library (%s) does not know; "
                           "update the library or leave the field 0",
                           what, llmlearn_version());
    if (size < our_bytes)
        memset((unsigned char *)out_ours + size, 0, our_bytes - size);
    memcpy(out_ours, theirs, size < our_bytes ? size : our_bytes);
    return LLMLEARN_OK;
}

void ll_arguments_write(void *theirs, const void *ours, uint32_t our_bytes)
{
    uint32_t size = size_of(theirs);
    uint32_t copied = size < our_bytes ? size : our_bytes;

    assert(copied >= sizeof size);
    memcpy((unsigned char *)theirs + sizeof size, (const unsigned char *)ours + sizeof size,
           copied - sizeof size);
}

/* What a "name" may hold: printable ASCII without space and " ' \ < > & % ; ` */
static const bool in_name[256] = {
    ['!'] = true, ['#'] = true, ['$'] = true, ['('] = true, [')'] = true, ['*'] = true,
    ['+'] = true, [','] = true, ['-'] = true, ['.'] = true, ['/'] = true, ['0'] = true,
    ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true,
    ['7'] = true, ['8'] = true, ['9'] = true, [':'] = true, ['='] = true, ['?'] = true,
    ['@'] = true, ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true,
    ['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true,
    ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true,
    ['R'] = true, ['S'] = true, ['T'] = true, ['U'] = true, ['V'] = true, ['W'] = true,
    ['X'] = true, ['Y'] = true, ['Z'] = true, ['['] = true, [']'] = true, ['^'] = true,
    ['_'] = true, ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true,
    ['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true,
    ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true,
    ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true,
    ['x'] = true, ['y'] = true, ['z'] = true, ['{'] = true, ['|'] = true, ['}'] = true,
    ['~'] = true,
};

size_t ll_argument_name(const char *what, const char *text, bool required)
{
    size_t length = 0;

    if (text == NULL && !required)
        return 0;
    if (text == NULL) {
        ll_fail(LLMLEARN_EINVAL, "%s: NULL; a name of 1 to 64 bytes is required", what);
        return SIZE_MAX;
    }
    while (length <= NAME_BYTES_MAX && in_name[(unsigned char)text[length]])
        length++;
    if (length > 0 && length <= NAME_BYTES_MAX && text[length] == '\0')
        return length;
    ll_fail(LLMLEARN_EINVAL,
            "%s: must be 1 to 64 bytes of printable ASCII without space, quotes, \\ < > & %% ; `",
            what);
    return SIZE_MAX;
}

static bool in_signal(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

size_t ll_argument_signal(const char *what, const char *text)
{
    size_t length = 0;

    if (text == NULL) {
        ll_fail(LLMLEARN_EINVAL, "%s: NULL; a signal such as BUY is required", what);
        return SIZE_MAX;
    }
    while (length <= SIGNAL_BYTES_MAX && in_signal(text[length]))
        length++;
    if (length > 0 && length <= SIGNAL_BYTES_MAX && text[length] == '\0')
        return length;
    ll_fail(LLMLEARN_EINVAL, "%s: must be 1 to 32 characters of A-Z a-z 0-9 _ -", what);
    return SIZE_MAX;
}

size_t ll_argument_text(const char *what, const char *text, bool required, size_t bytes_min,
                        size_t bytes_max)
{
    bool valid = false;
    size_t length;

    if (text == NULL) {
        if (!required)
            return 0;
        ll_fail(LLMLEARN_EINVAL, "%s: NULL; a text is required", what);
        return SIZE_MAX;
    }
    length = ll_utf8_measure(text, bytes_max, &valid);
    if (length == SIZE_MAX)
        ll_fail(LLMLEARN_EINVAL, "%s: longer than %zu bytes", what, bytes_max);
    else if (!valid)
        ll_fail(LLMLEARN_EINVAL, "%s: not valid UTF-8", what);
    else if (length < bytes_min)
        ll_fail(LLMLEARN_EINVAL, "%s: shorter than %zu bytes", what, bytes_min);
    else
        return length;
    return SIZE_MAX;
}

char *ll_argument_copy(const char *text, bool *failed)
{
    char *copy = text == NULL ? NULL : strdup(text);

    if (text != NULL && copy == NULL)
        *failed = true;
    return copy;
}
