/* core.h - the part of the Python binding that is written against Python's C API.
 *
 * `Core` is the base class of llmlearn.Learner. It owns the C handle: hot.c has
 * the two calls that are methods in C, core.c the guard through which all other
 * calls go, clock.c the clock that Python may set, flag.c what ends a waiting call.
 *
 * Threads: everything here runs with the GIL held, except inside the C library
 *          when it is called through core_invoke() or core_close(). The GIL is
 *          what protects the fields of a core. No thread of the C library ever
 *          comes here, save for clock_read(). What it calls in Python (_asking.py) it
 *          calls on the thread that called it.
 *          The first hot call in a process takes milliseconds, so it gives the
 *          GIL up like any other call.
 * Fork:    a child has none of its parent's threads, so calls that were
 *          running there are forgotten by it; and its first hot call is a first. */
#ifndef LLMLEARN_PYTHON_CORE_H
#define LLMLEARN_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "llmlearn.h"

#ifdef Py_GIL_DISABLED
#error "llmlearn relies on the GIL: build it for a Python that has one"
#endif

#define CACHED_ASSIGNMENTS 64 /* two tests with all their arms on; a power of two */

/* An assignment as Python sees it, kept because one like it will be asked for
 * again soon. Texts have one address until the learner is closed. */
typedef struct cached_assignment {
    uint64_t test_id;
    const char *version;
    const char *text;
    uint32_t arm;
    uint32_t flags;
    PyObject *object; /* NULL: free */
} cached_assignment;

typedef struct core {
    PyObject ob_base;        /* what PyObject_HEAD stands for */
    llmlearn *handle;        /* NULL: not opened yet, or closed */
    llmlearn *leftover;      /* the last running call closes this */
    PyObject *handle_object; /* the handle for functions of ffi.lib */
    uint32_t running;        /* calls now inside functions of ffi.lib */
    uint32_t generation;     /* of the process that counted `running` */
    uint32_t log_warm;       /* core_generation when the call was last seen to work */
    uint32_t variant_warm;
    cached_assignment cache[CACHED_ASSIGNMENTS];
} core;

/* 1 + how many forks lie between this process and the one that loaded us. */
extern uint32_t core_generation;

/* Around a call into the library without the GIL, while which nobody closes. What
 * belongs to the handle must be used before core_end_call(). */
void core_begin_call(core *self);
void core_end_call(core *self);

/* Both hot calls, METH_FASTCALL | METH_KEYWORDS. */
PyObject *core_log_explanation(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                               PyObject *kwnames);
PyObject *core_get_variant(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                           PyObject *kwnames);
extern const char core_log_explanation_doc[];
extern const char core_get_variant_doc[];

/* Makes the names of the keywords. 0, or -1 with an exception. */
int core_hot_install(void);

/* llmlearn.Assignment: a tuple of version, text, test_id, arm, rerouted. */
extern PyTypeObject *core_assignment_type;

/* A new reference to the Assignment that says what `got` says; NULL with an exception. */
PyObject *core_assignment(core *self, const llmlearn_assignment *got);

/* The text of metadata, as str: a new reference; NULL with an exception. */
PyObject *core_metadata_text(PyObject *metadata);

/* Sets the exception for a failure that the C library has just reported on this
 * thread, for an argument that cannot even be passed on, for a closed learner. */
void core_raise(llmlearn_err err);
void core_raise_invalid(const char *format, ...);
void core_raise_closed(const core *self);

/* For Python, through cffi: creates the module's classes. 0, or -1 with a message. */
int install(void);

/* A clock that stands still until it is set. Cells are never freed: threads of a
 * learner may still read one after its last owner in Python is gone. */
int64_t *clock_new(int64_t start_us);
int64_t clock_get(const int64_t *cell);
void clock_set(int64_t *cell, int64_t now_us);
int64_t clock_add(int64_t *cell, int64_t us);
int64_t clock_read(void *cell); /* a llmlearn_clock_fn */

/* A llmlearn_explain_request's `cancel`. */
void flag_set(int32_t *flag);
int32_t flag_get(const int32_t *flag);

/* By malloc, since the library frees it; NULL: no memory. */
char *text_copy(const char *text);

#endif
