#include "core.h"

#include <string.h>

/* The names a call takes, in the order in which its values are kept. */
typedef struct call_shape {
    const char *function;
    const char *const *names;
    PyObject **keys; /* the names, interned: equal names have equal addresses */
    int count;
    int required; /* the first so many must be given */
} call_shape;

enum log_argument {
    LOG_TICKER,
    LOG_SIGNAL,
    LOG_TEXT,
    LOG_VERSION,
    LOG_MODEL,
    LOG_PROVIDER,
    LOG_UNIT,
    LOG_CONFIDENCE,
    LOG_LATENCY_MS,
    LOG_CACHED,
    LOG_FALLBACK,
    LOG_FALLBACK_REASON,
    LOG_PROMPT_TOKENS,
    LOG_COMPLETION_TOKENS,
    LOG_COST_NANOUSD,
    LOG_COST_USD,
    LOG_METADATA,
    LOG_ASSIGNMENT,
    LOG_COUNT
};

static const char *const log_names[LOG_COUNT] = {
    "ticker",        "signal",
    "text",          "version",
    "model",         "provider",
    "unit",          "confidence",
    "latency_ms",    "cached",
    "fallback",      "fallback_reason",
    "prompt_tokens", "completion_tokens",
    "cost_nanousd",  "cost_usd",
    "metadata",      "assignment",
};

enum get_argument { GET_SIGNAL, GET_UNIT, GET_COUNT };

static const char *const get_names[GET_COUNT] = { "signal", "unit" };

static PyObject *log_keys[LOG_COUNT];
static PyObject *get_keys[GET_COUNT];

static const call_shape log_shape = { "log_explanation", log_names, log_keys, LOG_COUNT, 3 };
static const call_shape get_shape = { "get_variant", get_names, get_keys, GET_COUNT, 1 };

const char core_log_explanation_doc[] =
    "log_explanation($self, /, *, ticker, signal, text, version=None, model=None,\n"
    "                provider=None, unit=None, confidence=None, latency_ms=None,\n"
    "                cached=False, fallback=False, fallback_reason=None,\n"
    "                prompt_tokens=None, completion_tokens=None, cost_nanousd=None,\n"
    "                cost_usd=None, metadata=None, assignment=None)\n"
    "--\n"
    "\n"
    "Records one explanation, good or fallback, and returns its id at once.\n"
    "\n"
    "What it returned an id for survives the death of this process; after\n"
    "flush() also a power cut. Costs well under a microsecond and never waits\n"
    "for the disk, except for the first call in a process.\n"
    "\n"
    "ticker             a name: 1 to 64 bytes of printable ASCII without space or quotes\n"
    "signal             1 to 32 of A-Z a-z 0-9 _ -, such as \"BUY\"\n"
    "text               what the user reads: up to 256 KiB, may be empty\n"
    "version            prompt version; None: the assignment's, else the baseline\n"
    "model, provider    names; None: unknown\n"
    "unit               user or account, 1 to 256 bytes; None: the explanation itself\n"
    "confidence         0 to 1\n"
    "latency_ms         0 to 1e9\n"
    "cached             the text came out of a response cache\n"
    "fallback           the model failed; a template or the baseline answered\n"
    "fallback_reason    why, up to 1,000 bytes; implies fallback\n"
    "prompt_tokens, completion_tokens\n"
    "                   0 or more\n"
    "cost_nanousd       0 or more; 1,000,000,000 is one dollar. Or cost_usd, in dollars\n"
    "metadata           a dict that JSON can say, or its JSON text; up to 16 KiB\n"
    "assignment         what get_variant() returned for this explanation\n"
    "\n"
    "Raises InvalidArgumentError, FullError (the journal has reached its limit:\n"
    "counted, nothing stored), StorageError, ClosedError.";

const char core_get_variant_doc[] =
    "get_variant($self, /, *, signal, unit=None)\n"
    "--\n"
    "\n"
    "Chooses the prompt variant for a request and returns an Assignment.\n"
    "\n"
    "It is the arm of the running test that the unit falls into (always the same\n"
    "for one unit and test; None: drawn at random), else the champion, else the\n"
    "baseline version. Hand the Assignment on to log_explanation(), with the same\n"
    "unit. No I/O; changes by other processes are seen within a second.\n"
    "\n"
    "signal             1 to 32 of A-Z a-z 0-9 _ -\n"
    "unit               what the test randomises: user or account, 1 to 256 bytes\n"
    "\n"
    "Raises InvalidArgumentError, ClosedError.";

static int intern(const call_shape *shape)
{
    for (int i = 0; i < shape->count; i++) {
        shape->keys[i] = PyUnicode_InternFromString(shape->names[i]);
        if (shape->keys[i] == NULL)
            return -1;
    }
    return 0;
}

int core_hot_install(void)
{
    return intern(&log_shape) != 0 || intern(&get_shape) != 0 ? -1 : 0;
}

/* ---- keywords ---- */

/* The place of a keyword, or -1. Names in source code are interned, and callers
 * mostly keep our order, so the first comparison after the last hit succeeds. */
static int find_key(const call_shape *shape, PyObject *key, int hint)
{
    for (int i = hint; i < shape->count; i++) {
        if (shape->keys[i] == key)
            return i;
    }
    for (int i = 0; i < hint; i++) {
        if (shape->keys[i] == key)
            return i;
    }
    for (int i = 0; i < shape->count; i++) {
        if (PyUnicode_Compare(shape->keys[i], key) == 0)
            return i;
    }
    return -1;
}

/* Puts the arguments of a call in their places. 1, or 0 with an exception. */
static inline int read_keywords(const call_shape *shape, PyObject *const *args, Py_ssize_t nargs,
                                PyObject *kwnames, PyObject **value)
{
    Py_ssize_t given = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames);
    int hint = 0;

    if (nargs != 0) {
        PyErr_Format(PyExc_TypeError, "%s() takes keyword arguments only", shape->function);
        return 0;
    }
    for (Py_ssize_t i = 0; i < given; i++) {
        int place = find_key(shape, PyTuple_GET_ITEM(kwnames, i), hint);
        if (place < 0) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'",
                         shape->function, PyTuple_GET_ITEM(kwnames, i));
            return 0;
        }
        value[place] = args[i];
        hint = place + 1;
    }
    for (int i = 0; i < shape->required; i++) {
        if (value[i] == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() is missing the keyword argument '%s'",
                         shape->function, shape->names[i]);
            return 0;
        }
    }
    return 1;
}

/* ---- values: each take_ returns 1, or 0 with an exception ---- */

static inline int absent(PyObject *value)
{
    return value == NULL || value == Py_None;
}

static int wrong_type(const char *name, const char *wanted, PyObject *value)
{
    PyErr_Format(PyExc_TypeError, "%s must be %s, not %s", name, wanted, Py_TYPE(value)->tp_name);
    return 0;
}

/* After a failed conversion: only text that UTF-8 cannot say is an invalid argument. */
static int wrong_text(const char *name)
{
    if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        PyErr_Clear();
        core_raise_invalid("%s: not valid Unicode: it holds a lone surrogate", name);
    }
    return 0;
}

/* The bytes belong to `value`. A C string ends at its first NUL, so a text with
 * one inside would be stored in part: it is refused. */
static inline int take_text(PyObject *value, const char *name, const char **out)
{
    Py_ssize_t size = 0;

    if (absent(value))
        return 1;
    if (!PyUnicode_Check(value))
        return wrong_type(name, "a str", value);
    const char *text = NULL;
    if (PyUnicode_IS_COMPACT_ASCII(value)) { /* its own UTF-8, as nearly all of ours are */
        text = (const char *)PyUnicode_DATA(value);
        size = PyUnicode_GET_LENGTH(value);
    } else {
        text = PyUnicode_AsUTF8AndSize(value, &size);
    }
    if (text == NULL)
        return wrong_text(name);
    if (strlen(text) != (size_t)size) {
        core_raise_invalid("%s: must not contain the character NUL", name);
        return 0;
    }
    *out = text;
    return 1;
}

/* After a failed conversion: a number too large for C is an invalid argument. */
static int wrong_number(PyObject *value, const char *name, const char *wanted)
{
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        core_raise_invalid("%s: out of range", name);
    } else if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        wrong_type(name, wanted, value);
    }
    return 0;
}

static inline int take_real(PyObject *value, const char *name, double *out)
{
    if (PyFloat_CheckExact(value)) {
        *out = PyFloat_AS_DOUBLE(value);
        return 1;
    }
    *out = PyFloat_AsDouble(value);
    return *out == -1.0 && PyErr_Occurred() ? wrong_number(value, name, "a number") : 1;
}

static inline int take_count(PyObject *value, const char *name, int64_t *out)
{
    *out = PyLong_AsLongLong(value);
    return *out == -1 && PyErr_Occurred() ? wrong_number(value, name, "an int") : 1;
}

static inline int take_flag(PyObject *value, uint32_t flag, uint32_t *flags)
{
    int truth = 0;

    if (value == NULL || value == Py_False || value == Py_None)
        return 1;
    truth = value == Py_True ? 1 : PyObject_IsTrue(value);
    if (truth < 0)
        return 0;
    if (truth)
        *flags |= flag;
    return 1;
}

/* ---- the first call in a process ---- */

/* It makes the journal or reads the tests, which takes milliseconds: too long to
 * keep the GIL. NULL: this is not the first. */
static inline PyThreadState *begin_cold(core *self, uint32_t warm)
{
    if (warm == core_generation)
        return NULL;
    core_begin_call(self);
    return PyEval_SaveThread();
}

/* ---- log_explanation ---- */

static int take_log_texts(PyObject **value, llmlearn_explanation *out)
{
    return take_text(value[LOG_TICKER], "ticker", &out->ticker) &&
           take_text(value[LOG_SIGNAL], "signal", &out->signal) &&
           take_text(value[LOG_TEXT], "text", &out->text) &&
           take_text(value[LOG_VERSION], "version", &out->version) &&
           take_text(value[LOG_MODEL], "model", &out->model) &&
           take_text(value[LOG_PROVIDER], "provider", &out->provider) &&
           take_text(value[LOG_UNIT], "unit", &out->unit) &&
           take_text(value[LOG_FALLBACK_REASON], "fallback_reason", &out->fallback_reason);
}

/* Beyond 9e9 dollars the nano-dollars no longer fit; NaN fails the comparison, too. */
static int take_dollars(PyObject *value, int64_t *out)
{
    double dollars = 0;

    if (!take_real(value, "cost_usd", &dollars))
        return 0;
    if (!(dollars >= 0 && dollars <= 9e9)) {
        core_raise_invalid("cost_usd: must be 0 to 9e9");
        return 0;
    }
    *out = (int64_t)(dollars * 1e9 + 0.5);
    return 1;
}

static int take_cost(PyObject **value, llmlearn_explanation *out)
{
    PyObject *nanousd = value[LOG_COST_NANOUSD], *usd = value[LOG_COST_USD];

    if (absent(nanousd) && absent(usd))
        return 1;
    out->flags |= LLMLEARN_HAS_COST;
    if (absent(usd))
        return take_count(nanousd, "cost_nanousd", &out->cost_nanousd);
    if (absent(nanousd))
        return take_dollars(usd, &out->cost_nanousd);
    core_raise_invalid("cost_usd: give either cost_nanousd or cost_usd");
    return 0;
}

static int take_log_numbers(PyObject **value, llmlearn_explanation *out)
{
    if (!absent(value[LOG_CONFIDENCE])) {
        out->flags |= LLMLEARN_HAS_CONFIDENCE;
        if (!take_real(value[LOG_CONFIDENCE], "confidence", &out->confidence))
            return 0;
    }
    if (!absent(value[LOG_LATENCY_MS])) {
        out->flags |= LLMLEARN_HAS_LATENCY;
        if (!take_real(value[LOG_LATENCY_MS], "latency_ms", &out->latency_ms))
            return 0;
    }
    if (!absent(value[LOG_PROMPT_TOKENS])) {
        out->flags |= LLMLEARN_HAS_PROMPT_TOKENS;
        if (!take_count(value[LOG_PROMPT_TOKENS], "prompt_tokens", &out->prompt_tokens))
            return 0;
    }
    if (!absent(value[LOG_COMPLETION_TOKENS])) {
        out->flags |= LLMLEARN_HAS_COMPLETION_TOKENS;
        if (!take_count(value[LOG_COMPLETION_TOKENS], "completion_tokens", &out->completion_tokens))
            return 0;
    }
    return take_cost(value, out);
}

static int take_log_flags(PyObject **value, llmlearn_explanation *out)
{
    if (out->fallback_reason != NULL)
        out->flags |= LLMLEARN_FALLBACK;
    return take_flag(value[LOG_CACHED], LLMLEARN_CACHED, &out->flags) &&
           take_flag(value[LOG_FALLBACK], LLMLEARN_FALLBACK, &out->flags);
}

/* *out_owned keeps the text of the metadata alive. */
static int take_metadata(PyObject *value, llmlearn_explanation *out, PyObject **out_owned)
{
    if (absent(value))
        return 1;
    *out_owned = core_metadata_text(value);
    return *out_owned != NULL && take_text(*out_owned, "metadata", &out->metadata_json);
}

/* Anyone can make an Assignment, so nothing about its items is taken for granted. */
static int take_assignment(PyObject *value, llmlearn_explanation *out)
{
    if (absent(value))
        return 1;
    if (!Py_IS_TYPE(value, core_assignment_type))
        return wrong_type("assignment", "an Assignment", value);
    if (out->version == NULL &&
        !take_text(PyStructSequence_GET_ITEM(value, 0), "assignment.version", &out->version))
        return 0;
    if (absent(PyStructSequence_GET_ITEM(value, 2)))
        return 1;
    out->test_id = PyLong_AsUnsignedLongLong(PyStructSequence_GET_ITEM(value, 2));
    if (PyErr_Occurred())
        return wrong_number(PyStructSequence_GET_ITEM(value, 2), "assignment.test_id", "an int");
    unsigned long arm = PyLong_AsUnsignedLong(PyStructSequence_GET_ITEM(value, 3));
    if (PyErr_Occurred())
        return wrong_number(PyStructSequence_GET_ITEM(value, 3), "assignment.arm", "an int");
    if (arm >= LLMLEARN_ARMS_MAX) {
        core_raise_invalid("assignment.arm: must be below %d", LLMLEARN_ARMS_MAX);
        return 0;
    }
    out->arm = (uint32_t)arm;
    return take_flag(PyStructSequence_GET_ITEM(value, 4), LLMLEARN_REROUTED, &out->flags);
}

/* "00" "01" ... "ff": the digits of every byte. */
#define ROW(high)                                                                                  \
    high "0" high "1" high "2" high "3" high "4" high "5" high "6" high "7" high "8" high "9" high \
         "a" high "b" high "c" high "d" high "e" high "f"
static const char byte_digits[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6")
    ROW("7") ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");

static inline void put_digits(Py_UCS1 *out, const uint8_t *bytes, int count)
{
    for (int i = 0; i < count; i++)
        memcpy(out + 2 * i, byte_digits + 2 * bytes[i], 2);
}

static PyObject *id_text(const llmlearn_id *id)
{
    PyObject *text = PyUnicode_New(LLMLEARN_ID_TEXT_BYTES - 1, 127);

    if (text == NULL)
        return NULL;
    Py_UCS1 *out = PyUnicode_1BYTE_DATA(text);
    out[8] = out[13] = out[18] = out[23] = '-';
    put_digits(out, id->bytes, 4);
    put_digits(out + 9, id->bytes + 4, 2);
    put_digits(out + 14, id->bytes + 6, 2);
    put_digits(out + 19, id->bytes + 8, 2);
    put_digits(out + 24, id->bytes + 10, 6);
    return text;
}

static PyObject *log_one(core *self, const llmlearn_explanation *explanation)
{
    PyObject *result = NULL;
    llmlearn_id id;
    llmlearn *handle = self->handle; /* ours to use until core_end_call() */
    PyThreadState *cold = begin_cold(self, self->log_warm);
    llmlearn_err err = llmlearn_log_explanation(handle, explanation, &id);

    if (cold != NULL)
        PyEval_RestoreThread(cold);
    if (err == LLMLEARN_OK) {
        self->log_warm = core_generation;
        result = id_text(&id);
    } else {
        core_raise(err);
    }
    if (cold != NULL)
        core_end_call(self);
    return result;
}

PyObject *core_log_explanation(PyObject *object, PyObject *const *args, Py_ssize_t nargs,
                               PyObject *kwnames)
{
    core *self = (core *)object;
    PyObject *value[LOG_COUNT] = { NULL };
    PyObject *metadata = NULL;
    PyObject *result = NULL;
    llmlearn_explanation explanation = { .struct_size = sizeof explanation };

    if (!read_keywords(&log_shape, args, nargs, kwnames, value))
        return NULL;
    if (!take_log_texts(value, &explanation) || !take_log_numbers(value, &explanation) ||
        !take_log_flags(value, &explanation) ||
        !take_assignment(value[LOG_ASSIGNMENT], &explanation) ||
        !take_metadata(value[LOG_METADATA], &explanation, &metadata))
        goto done;

    /* Looked at only now: converting an argument may have run Python code. */
    if (self->handle == NULL) {
        core_raise_closed(self);
        goto done;
    }
    result = log_one(self, &explanation);

done:
    Py_XDECREF(metadata);
    return result;
}

/* ---- get_variant ---- */

static PyObject *get_one(core *self, const char *signal, const char *unit)
{
    PyObject *result = NULL;
    llmlearn_assignment got = { .struct_size = sizeof got };
    llmlearn *handle = self->handle;
    PyThreadState *cold = begin_cold(self, self->variant_warm);
    llmlearn_err err = llmlearn_get_variant(handle, signal, unit, &got);

    if (cold != NULL)
        PyEval_RestoreThread(cold);
    if (err == LLMLEARN_OK) {
        self->variant_warm = core_generation;
        result = core_assignment(self, &got);
    } else {
        core_raise(err);
    }
    if (cold != NULL)
        core_end_call(self);
    return result;
}

PyObject *core_get_variant(PyObject *object, PyObject *const *args, Py_ssize_t nargs,
                           PyObject *kwnames)
{
    core *self = (core *)object;
    PyObject *value[GET_COUNT] = { NULL };
    const char *signal = NULL, *unit = NULL;

    if (!read_keywords(&get_shape, args, nargs, kwnames, value))
        return NULL;
    if (!take_text(value[GET_SIGNAL], "signal", &signal) ||
        !take_text(value[GET_UNIT], "unit", &unit))
        return NULL;
    if (self->handle == NULL) {
        core_raise_closed(self);
        return NULL;
    }
    return get_one(self, signal, unit);
}
