#include "core.h"

#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define CLOSE_AT_LEAST_MS 10   /* left for the library when waiting for calls took all */
#define LEFTOVER_CLOSE_MS 1000 /* for the call that closes because close() gave up */
#define INVOKE_ARGUMENTS_MAX 8 /* beside the handle */

/* Of the module, set once by install() and set_helpers(): Python has one of each. */
PyTypeObject *core_assignment_type;
static PyObject *make_error;    /* (code, detail, retry_after_s) -> exception */
static PyObject *metadata_text; /* dict -> str */

uint32_t core_generation = 1;

static void count_fork(void)
{
    core_generation++;
}

/* ---- exceptions ---- */

/* `detail` may have been cut inside a character. */
static void raise_error(llmlearn_err err, const char *detail, uint32_t retry_after_s)
{
    PyObject *error = NULL;
    PyObject *text = PyUnicode_DecodeUTF8(detail, (Py_ssize_t)strlen(detail), "replace");

    if (text == NULL)
        return;
    error = PyObject_CallFunction(make_error, "iNI", (int)err, text, (unsigned)retry_after_s);
    if (error == NULL)
        return;
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
}

void core_raise(llmlearn_err err)
{
    /* Copied: the exception's own making may call the library. */
    char detail[1024];
    uint32_t retry_after_s = llmlearn_error_retry_after_s();

    PyOS_snprintf(detail, sizeof detail, "%s", llmlearn_error_detail());
    raise_error(err, detail, retry_after_s);
}

void core_raise_invalid(const char *format, ...)
{
    char detail[256];
    va_list list;

    va_start(list, format);
    PyOS_vsnprintf(detail, sizeof detail, format, list);
    va_end(list);
    raise_error(LLMLEARN_EINVAL, detail, 0);
}

void core_raise_closed(const core *self)
{
    raise_error(LLMLEARN_OK,
                self->handle_object == NULL ? "the learner is not open" : "the learner is closed",
                0);
}

/* ---- assignments ---- */

static PyStructSequence_Field assignment_fields[] = {
    { "version", "the prompt version to serve" },
    { "text", "its prompt template; None if no text was added for this version" },
    { "test_id", "the running test; None without one" },
    { "arm", "index of the arm in the test; None without one" },
    { "rerouted", "the arm is switched off: this is the champion's prompt" },
    { NULL, NULL },
};

static PyStructSequence_Desc assignment_description = {
    .name = "llmlearn.Assignment",
    .doc = "What to serve now, as get_variant() chose it. Immutable; give it to\n"
           "log_explanation(). Assignment((version, text, test_id, arm, rerouted))\n"
           "makes one again, for instance from what a client sent back.",
    .fields = assignment_fields,
    .n_in_sequence = 5,
};

static PyObject *text_or_none(const char *text)
{
    return text == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(text);
}

static PyObject *number_or_none(int known, unsigned long long number)
{
    return known ? PyLong_FromUnsignedLongLong(number) : Py_NewRef(Py_None);
}

static PyObject *new_assignment(const llmlearn_assignment *got)
{
    PyObject *object = PyStructSequence_New(core_assignment_type);

    if (object == NULL)
        return NULL;
    PyStructSequence_SetItem(object, 0, PyUnicode_FromString(got->version));
    PyStructSequence_SetItem(object, 1, text_or_none(got->text));
    PyStructSequence_SetItem(object, 2, number_or_none(got->test_id != 0, got->test_id));
    PyStructSequence_SetItem(object, 3, number_or_none(got->test_id != 0, got->arm));
    PyStructSequence_SetItem(object, 4, PyBool_FromLong(got->flags & LLMLEARN_REROUTED));
    if (PyErr_Occurred())
        Py_CLEAR(object);
    return object;
}

PyObject *core_assignment(core *self, const llmlearn_assignment *got)
{
    uint64_t mixed = ((uint64_t)(uintptr_t)got->version >> 4) + got->test_id * 31 + got->arm * 7;
    cached_assignment *cached = &self->cache[mixed % CACHED_ASSIGNMENTS];

    if (cached->object != NULL && cached->version == got->version && cached->text == got->text &&
        cached->test_id == got->test_id && cached->arm == got->arm && cached->flags == got->flags)
        return Py_NewRef(cached->object);

    PyObject *object = new_assignment(got);
    if (object == NULL)
        return NULL;
    PyObject *old = cached->object;
    *cached = (cached_assignment){ .test_id = got->test_id,
                                   .version = got->version,
                                   .text = got->text,
                                   .arm = got->arm,
                                   .flags = got->flags,
                                   .object = Py_NewRef(object) };
    Py_XDECREF(old);
    return object;
}

PyObject *core_metadata_text(PyObject *metadata)
{
    if (PyUnicode_Check(metadata))
        return Py_NewRef(metadata);
    return PyObject_CallOneArg(metadata_text, metadata);
}

/* ---- the guard around the handle ---- */

static void forget_parents_calls(core *self)
{
    if (self->generation == core_generation)
        return;
    self->generation = core_generation;
    self->running = 0;
}

/* Closes what close() could not, once nobody is inside the library any more. What
 * stays in the journal is stored later, so there is nobody to tell. */
static void close_leftover(core *self)
{
    llmlearn *handle = self->leftover;
    PyObject *type, *value, *traceback;

    if (handle == NULL || self->running != 0)
        return;
    self->leftover = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyThreadState *state = PyEval_SaveThread();
    (void)llmlearn_close(handle, LEFTOVER_CLOSE_MS);
    PyEval_RestoreThread(state);
    PyErr_Restore(type, value, traceback);
}

void core_begin_call(core *self)
{
    forget_parents_calls(self);
    self->running++;
}

void core_end_call(core *self)
{
    self->running--;
    close_leftover(self);
}

PyDoc_STRVAR(invoke_doc,
             "_invoke($self, function, /, *args)\n"
             "--\n"
             "\n"
             "Calls a function of ffi.lib with the handle and args; raises what it reports.");

static PyObject *core_invoke(PyObject *object, PyObject *const *args, Py_ssize_t nargs)
{
    core *self = (core *)object;
    PyObject *stack[1 + INVOKE_ARGUMENTS_MAX];
    PyObject *result = NULL;
    long err = LLMLEARN_OK;

    if (nargs < 1 || nargs > 1 + INVOKE_ARGUMENTS_MAX) {
        PyErr_SetString(PyExc_TypeError, "_invoke() takes a function and up to 8 arguments");
        return NULL;
    }
    if (self->handle == NULL) {
        core_raise_closed(self);
        return NULL;
    }
    core_begin_call(self);
    stack[0] = self->handle_object;
    for (Py_ssize_t i = 1; i < nargs; i++)
        stack[i] = args[i];
    result = PyObject_Vectorcall(args[0], stack, (size_t)nargs, NULL);
    if (result != NULL) {
        err = PyLong_AsLong(result);
        if (err != LLMLEARN_OK && !PyErr_Occurred())
            core_raise((llmlearn_err)err);
        Py_CLEAR(result);
    }
    core_end_call(self);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for other threads to leave the library. 1: they have; 0: they have not
 * by `end`; -1: a signal's exception came. */
static int wait_for_calls(core *self, int64_t end)
{
    const struct timespec nap = { .tv_nsec = 1000000 };

    forget_parents_calls(self);
    while (self->running != 0) {
        if (monotonic_ms() >= end)
            return 0;
        PyThreadState *state = PyEval_SaveThread();
        nanosleep(&nap, NULL);
        PyEval_RestoreThread(state);
        if (PyErr_CheckSignals() != 0)
            return -1;
    }
    return 1;
}

PyDoc_STRVAR(close_doc, "_close($self, timeout_ms, /)\n"
                        "--\n"
                        "\n"
                        "Waits for calls in other threads, then closes the handle. Idempotent.");

static PyObject *core_close(PyObject *object, PyObject *timeout)
{
    core *self = (core *)object;
    llmlearn *handle = self->handle;
    long timeout_ms = PyLong_AsLong(timeout);
    int64_t left_ms = 0;
    llmlearn_err err = LLMLEARN_OK;

    if (timeout_ms == -1 && PyErr_Occurred())
        return NULL;
    if (handle == NULL)
        Py_RETURN_NONE;
    self->handle = NULL; /* from here on no call can begin */

    int64_t end = monotonic_ms() + timeout_ms;
    int alone = wait_for_calls(self, end);
    if (alone != 1) {
        self->leftover = handle;
        if (alone == 0)
            raise_error(LLMLEARN_ETIMEDOUT,
                        "calls in other threads are still running; the last one closes the learner",
                        0);
        close_leftover(self);
        return NULL;
    }
    left_ms = end - monotonic_ms();
    if (left_ms < CLOSE_AT_LEAST_MS)
        left_ms = CLOSE_AT_LEAST_MS;
    PyThreadState *state = PyEval_SaveThread();
    err = llmlearn_close(handle, (uint32_t)left_ms);
    PyEval_RestoreThread(state);
    if (err == LLMLEARN_OK)
        Py_RETURN_NONE;
    core_raise(err);
    return NULL;
}

PyDoc_STRVAR(adopt_doc, "_adopt($self, handle, address, /)\n"
                        "--\n"
                        "\n"
                        "Takes over a handle, given as cffi's object and as a number.");

static PyObject *core_adopt(PyObject *object, PyObject *const *args, Py_ssize_t nargs)
{
    core *self = (core *)object;

    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "_adopt() takes a handle and its address");
        return NULL;
    }
    if (self->handle_object != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "a learner is opened once");
        return NULL;
    }
    void *handle = PyLong_AsVoidPtr(args[1]);
    if (handle == NULL)
        return NULL;
    self->handle = handle;
    self->handle_object = Py_NewRef(args[0]);
    self->generation = core_generation;
    Py_RETURN_NONE;
}

static PyObject *core_set_helpers(PyObject *type, PyObject *const *args, Py_ssize_t nargs)
{
    (void)type;
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "_set_helpers() takes two functions");
        return NULL;
    }
    Py_XSETREF(make_error, Py_NewRef(args[0]));
    Py_XSETREF(metadata_text, Py_NewRef(args[1]));
    Py_RETURN_NONE;
}

static PyObject *core_closed(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((core *)object)->handle == NULL);
}

/* ---- the class ---- */

static int core_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    return 0; /* what a core refers to refers to nothing */
}

/* A handle that is still open here stays so: closing is for close() and __del__. */
static void core_dealloc(PyObject *object)
{
    core *self = (core *)object;
    PyTypeObject *type = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    for (int i = 0; i < CACHED_ASSIGNMENTS; i++)
        Py_CLEAR(self->cache[i].object);
    Py_CLEAR(self->handle_object);
    type->tp_free(object);
    Py_DECREF(type);
}

#define KEYWORDS (METH_FASTCALL | METH_KEYWORDS)
#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef core_methods[] = {
    { "log_explanation", METHOD(core_log_explanation), KEYWORDS, core_log_explanation_doc },
    { "get_variant", METHOD(core_get_variant), KEYWORDS, core_get_variant_doc },
    { "_invoke", METHOD(core_invoke), METH_FASTCALL, invoke_doc },
    { "_close", METHOD(core_close), METH_O, close_doc },
    { "_adopt", METHOD(core_adopt), METH_FASTCALL, adopt_doc },
    { "_set_helpers", METHOD(core_set_helpers), METH_FASTCALL | METH_STATIC, NULL },
    { NULL, NULL, 0, NULL },
};

static PyGetSetDef core_getset[] = {
    { "closed", core_closed, NULL, "True once close() was called.", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static PyType_Slot core_slots[] = {
    { Py_tp_doc, "The C side of a Learner: the handle, its guard, and the two hot calls." },
    { Py_tp_methods, core_methods },
    { Py_tp_getset, core_getset },
    { Py_tp_traverse, core_traverse },
    { Py_tp_dealloc, core_dealloc },
    { 0, NULL },
};

static PyType_Spec core_spec = {
    .name = "llmlearn._ffi.Core",
    .basicsize = sizeof(core),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = core_slots,
};

static int add_to_module(const char *name, PyObject *object)
{
    PyObject *module = PyImport_ImportModule("llmlearn._ffi");
    int failed = module == NULL || object == NULL || PyModule_AddObjectRef(module, name, object);

    Py_XDECREF(module);
    return failed ? -1 : 0;
}

static int install_classes(void)
{
    PyObject *type = NULL;
    int failed = -1;

    if (core_assignment_type != NULL)
        return 0;
    if (core_hot_install() != 0 || pthread_atfork(NULL, NULL, count_fork) != 0)
        return -1;
    core_assignment_type = PyStructSequence_NewType(&assignment_description);
    type = PyType_FromSpec(&core_spec);
    if (add_to_module("Assignment", (PyObject *)core_assignment_type) == 0)
        failed = add_to_module("Core", type);
    Py_XDECREF(type);
    return failed;
}

/* cffi calls without the GIL, but everything in here is Python's. */
int install(void)
{
    PyGILState_STATE state = PyGILState_Ensure();
    int failed = install_classes();

    if (failed)
        PyErr_Print();
    PyGILState_Release(state);
    return failed;
}
