/* The header's section "prompts and variants". */
#include "api/arguments.h"
#include "api/change.h"
#include "base/err.h"
#include "store/names.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX (64u * 1024)
#define UNIT_BYTES_MAX 256u

/* ---- add --------------------------------------------------------------- */

typedef struct add_job {
    ll_job job;
    char *signal, *version, *text, *parent;
} add_job;

static void destroy_add(ll_job *job)
{
    add_job *add = (add_job *)job;

    free(add->signal);
    free(add->version);
    free(add->text);
    free(add->parent);
    free(add);
}

static llmlearn_err find_parent(ll_connection *connection, int64_t signal, const char *parent,
                                int64_t *out_id)
{
    ll_variant found = { .id = 0 };
    llmlearn_err err = LLMLEARN_OK;

    if (parent != NULL) {
        err = ll_variants_find(connection, signal, parent, strlen(parent), &found);
        if (err == LLMLEARN_OK && found.id == 0)
            err = ll_fail(LLMLEARN_ENOTFOUND, "parent: the signal has no version %s", parent);
    }
    *out_id = found.id;
    return err;
}

static llmlearn_err run_add(ll_job *job, const ll_write *write)
{
    const add_job *add = (const add_job *)job;
    ll_variant_text variant = { .version = add->version,
                                .version_bytes = strlen(add->version),
                                .text = add->text,
                                .text_bytes = strlen(add->text) };
    llmlearn_err err = ll_names_intern(write->connection, LL_NAME_SIGNAL, add->signal,
                                       strlen(add->signal), &variant.signal);

    job->changes_config = true;
    if (err == LLMLEARN_OK)
        err = find_parent(write->connection, variant.signal, add->parent, &variant.parent);
    if (err == LLMLEARN_OK)
        err = ll_variants_add(write->connection, &variant, write->now_us);
    return err;
}

static llmlearn_err check_variant(const llmlearn_variant *v)
{
    if (ll_argument_signal("signal", v->signal) == SIZE_MAX ||
        ll_argument_name("version", v->version, true) == SIZE_MAX ||
        ll_argument_text("text", v->text, true, 1, TEXT_BYTES_MAX) == SIZE_MAX ||
        ll_argument_name("parent", v->parent, false) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return LLMLEARN_OK;
}

static add_job *copy_variant(const llmlearn_variant *v)
{
    add_job *add = (add_job *)ll_job_new(sizeof *add, run_add, destroy_add);
    bool failed = false;

    if (add == NULL)
        return NULL;
    add->signal = ll_argument_copy(v->signal, &failed);
    add->version = ll_argument_copy(v->version, &failed);
    add->text = ll_argument_copy(v->text, &failed);
    add->parent = ll_argument_copy(v->parent, &failed);
    if (!failed)
        return add;
    ll_job_release(&add->job);
    return NULL;
}

llmlearn_err llmlearn_add_variant(llmlearn *learner, const llmlearn_variant *variant)
{
    llmlearn_variant v;
    llmlearn_err err = ll_arguments_read("variant", variant, sizeof v, &v, sizeof v);

    if (err == LLMLEARN_OK)
        err = check_variant(&v);
    if (err != LLMLEARN_OK)
        return err;
    add_job *add = copy_variant(&v);
    if (add == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the variant");
    err = ll_handle_submit(learner, &add->job, ll_handle_deadline(v.deadline_ms));
    ll_job_release(&add->job);
    return err;
}

/* ---- archive ----------------------------------------------------------- */

static llmlearn_err archive(const ll_change *change, const ll_change_request *request)
{
    return ll_promote_archive(change, request->version);
}

llmlearn_err llmlearn_archive_variant(llmlearn *learner, const char *signal, const char *version,
                                      const char *actor, const char *reason, uint32_t deadline_ms)
{
    const ll_change_request request = {
        .signal = signal, .version = version, .actor = actor, .reason = reason
    };

    if (ll_argument_signal("signal", signal) == SIZE_MAX ||
        ll_argument_name("version", version, true) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return ll_change_submit(learner, &request, deadline_ms, archive);
}

/* ---- get: hot ---------------------------------------------------------- */

/* Every caller's struct is at least as long as this one, so it is filled where it stands: a copy
 * costs 6 ns more. If the struct grows, older callers need that copy. */
_Static_assert(offsetof(llmlearn_assignment, reserved) + sizeof(uint32_t) ==
                   sizeof(llmlearn_assignment),
               "the assignment as it was first released");

llmlearn_err llmlearn_get_variant(llmlearn *learner, const char *signal, const char *unit,
                                  llmlearn_assignment *out_assignment)
{
    ll_core *core = NULL;
    llmlearn_err err =
        ll_arguments_check_out("out_assignment", out_assignment, sizeof *out_assignment);

    if (err == LLMLEARN_OK)
        err = ll_handle_enter_journal(learner, &core);
    if (err != LLMLEARN_OK)
        return err;
    size_t signal_bytes = ll_argument_signal("signal", signal);
    if (signal_bytes == SIZE_MAX)
        return LLMLEARN_EINVAL;
    size_t unit_bytes = ll_argument_text("unit", unit, false, 1, UNIT_BYTES_MAX);
    if (unit_bytes == SIZE_MAX)
        return LLMLEARN_EINVAL;
    ll_experiment_assign(core->experiment, signal, signal_bytes, unit, unit_bytes, out_assignment);
    return LLMLEARN_OK;
}
