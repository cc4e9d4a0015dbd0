/* memory_bench.c - memory that the library takes for itself: anonymous pages, less what the
 * process had before and less the page caches that SQLite was told to keep.
 *
 * The journal is a file, mapped and shared: the system may write its pages back at any time. */
#include "measure.h"

#include <sqlite3.h>

#define LOGS 100000
#define SAMPLES 20
#define VOTES 500
#define KB_PER_MB 1024.0

static char line[256]; /* so that reading needs no memory of its own */

static double anonymous_kb(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    double kb = -1;

    NEED(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Anonymous: %lf kB", &kb) == 1)
            break;
    fclose(file);
    NEED(kb >= 0);
    return kb;
}

/* What SQLite holds in page caches at this moment. */
static double page_cache_kb(void)
{
    sqlite3_int64 now = 0, most = 0;

    NEED(sqlite3_status64(SQLITE_STATUS_PAGECACHE_OVERFLOW, &now, &most, 0) == SQLITE_OK);
    return (double)now / 1024;
}

typedef struct peak {
    double base_kb, own_kb, all_kb;
} peak;

static void sample(peak *p)
{
    double all_kb = anonymous_kb() - p->base_kb;
    double own_kb = all_kb - page_cache_kb();

    if (all_kb > p->all_kb)
        p->all_kb = all_kb;
    if (own_kb > p->own_kb)
        p->own_kb = own_kb;
}

static void use(llmlearn *learner, const char *text, llmlearn_id *ids, size_t logs, peak *p)
{
    char *json = NULL;

    for (size_t i = 0; i < SAMPLES; i++) {
        log_many(learner, text, logs / SAMPLES, ids);
        sample(p);
    }
    MUST(llmlearn_flush(learner, 60000));
    sample(p);
    for (size_t i = 0; i < VOTES; i++) {
        char user[24];
        const llmlearn_feedback f = { .struct_size = sizeof f,
                                      .vote = LLMLEARN_HELPFUL,
                                      .explanation_id = ids[i],
                                      .user = user,
                                      .deadline_ms = 60000 };

        snprintf(user, sizeof user, "user-%zu", i);
        MUST(llmlearn_submit_feedback(learner, &f, NULL));
    }
    sample(p);
    MUST(llmlearn_analytics(learner, 30, LLMLEARN_REFRESH, 60000, &json));
    sample(p);
    llmlearn_free(json);
}

int main(int argc, char **argv)
{
    size_t logs = is_quick(argc, argv) ? LOGS / 10 : LOGS;
    llmlearn_id *ids = calloc(logs / SAMPLES, sizeof *ids);
    char text[TEXT_BYTES + 1], path[PATH_BYTES];
    peak p = { .own_kb = 0 };
    llmlearn *learner;

    NEED(ids != NULL && logs / SAMPLES >= VOTES);
    memset(ids, 1, logs / SAMPLES * sizeof *ids);
    path_of(path, argc, argv, "memory.db");
    fill_ascii(text);
    anonymous_kb(); /* what the reading itself takes is part of the base */
    p.base_kb = anonymous_kb();
    learner = open_learner(path, 0);
    use(learner, text, ids, logs, &p);
    print_figure((figure){ .name = "memory",
                           .value = p.own_kb / KB_PER_MB,
                           .unit = "MB",
                           .reference = "with SQLite's page caches",
                           .reference_value = p.all_kb / KB_PER_MB,
                           .goal = "value <= 4" });
    MUST(llmlearn_close(learner, 60000));
    free(ids);
    return 0;
}
