/* json_input.h - the body of a request as JSON, of which nothing is taken that was not asked for.
 *
 * Refused: what is no JSON object, deeper than 32 brackets, a field twice, a field that is not
 * known, a required one that is missing, one of another type. Numbers are finite by JSON's own
 * rules, texts are UTF-8 without NUL, and without characters that turn or hide what is read. */
#ifndef SERVER_JSON_INPUT_H
#define SERVER_JSON_INPUT_H

#include "request.h"

#include <jansson.h>

enum { JSON_DEPTH_MAX = 32, JSON_FIELDS_MAX = 64 };

typedef enum field_type { A_TEXT, A_NAME, A_NUMBER, A_WHOLE, A_BOOL, A_LIST, AN_OBJECT } field_type;

/* An A_TEXT is for people: it is cleaned. An A_NAME is taken as it is. A null is an absent one. */
typedef struct field {
    const char *name;
    field_type type;
    bool required;
    void *out; /* const char *, double, int64_t, bool, json_t *: not touched if it is absent */
} field;

/* The body; NULL: refused, the request has its answer. The caller gives it to json_decref, and what
 * fields point to lives as long. */
json_t *json_input_read(request *r);
/* False: refused. where: "" or "arms[2]." before the names that people are told. */
bool json_input_fields(request *r, json_t *object, const char *where, const field *fields,
                       size_t count);
/* Both. */
json_t *json_input(request *r, const field *fields, size_t count);

/* A parameter of the query; `standard` if it is absent. False: refused. */
bool json_input_parameter(request *r, const char *name, uint32_t least, uint32_t most,
                          uint32_t standard, uint32_t *out);

#endif
