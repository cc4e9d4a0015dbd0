#include "journal/journal.h"

#include "support/folder.h"
#include "support/journals.h"
#include "support/learners.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Every test below runs in both ways of writing: mapped, and with pwrite. */
#define WAYS 2

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal_options options;
static ll_journal *journal;

static void open_journal(int way)
{
    options.force_pwrite = way == 1;
    journal = journal_open(&options);
}

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
}

static void tear_down(void)
{
    if (journal != NULL)
        journal_drop(journal);
    journal = NULL;
    folder_remove(folder);
}

/* FINISHED instead of END when the last record filled its segment to the byte. */
static void drain_all(drainer *d)
{
    ll_read read = drain_own(d);

    ck_assert(read == LL_READ_END || read == LL_READ_FINISHED);
}

static ll_journal_state state_of(const ll_journal *j)
{
    ll_journal_state state;

    ll_journal_get_state(j, &state);
    return state;
}

/* ---- one thread -------------------------------------------------------- */

typedef struct expectation {
    uint64_t next;
    uint64_t out_of_order;
} expectation;

static void expect_next(void *user, uint64_t n, const ll_record *record)
{
    expectation *e = user;

    (void)record;
    e->out_of_order += n != e->next;
    e->next++;
}

START_TEST(appended_records_come_back_in_order_and_whole)
{
    expectation seen = { 0 };
    drainer *d;

    open_journal(_i);
    d = drainer_new(journal);
    d->take = expect_next;
    d->user = &seen;
    for (uint64_t n = 0; n < 100; n++)
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
    drain_all(d);
    ck_assert_uint_eq(d->records, 100);
    ck_assert_uint_eq(d->wrong + seen.out_of_order + d->holes, 0);
    ck_assert_uint_eq(state_of(journal).appended, 100);
    ck_assert_uint_eq(state_of(journal).tail, state_of(journal).drained);
    ck_assert(state_of(journal).mapped == (_i == 0));
    drainer_free(d);
}
END_TEST

/* Appends until the ring is full or n reaches `to`; the next n. */
static uint64_t append_until(uint64_t n, uint64_t to)
{
    while (n < to && journal_append(journal, n, NULL) == LLMLEARN_OK)
        n++;
    return n;
}

START_TEST(the_ring_goes_round_many_times)
{
    expectation seen = { 0 };
    uint64_t n = 0;
    uint64_t total = (uint64_t)learner_rounds(30000, 3000);
    drainer *d;

    open_journal(_i);
    d = drainer_new(journal);
    d->take = expect_next;
    d->user = &seen;
    while (n < total) {
        n = append_until(n, n + 100 < total ? n + 100 : total);
        drain_all(d);
    }
    ck_assert_uint_eq(d->records, total);
    ck_assert_uint_eq(d->wrong + seen.out_of_order + d->holes, 0);
    ck_assert_uint_gt(d->finished, 2 * JOURNAL_SEGMENTS);
    drainer_free(d);
}
END_TEST

START_TEST(a_full_ring_refuses_and_claims_nothing)
{
    ll_journal_state full, still;
    llmlearn_id id, before;
    uint64_t n;
    drainer *d;

    open_journal(_i);
    d = drainer_new(journal);
    n = append_until(0, UINT64_MAX);
    full = state_of(journal);
    memset(&id, 0x5a, sizeof id);
    before = id;
    ck_assert_int_eq(journal_append(journal, n, &id), LLMLEARN_EFULL);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "journal_bytes_max"));
    ck_assert_mem_eq(&id, &before, sizeof id);
    still = state_of(journal);
    ck_assert_uint_eq(still.tail, full.tail);
    ck_assert_uint_eq(still.appended, n);
    ck_assert_uint_ge(still.refused, 2);
    drain_all(d);
    ck_assert_uint_eq(d->records, n);
    while (journal_append(journal, n, NULL) != LLMLEARN_OK)
        ll_clock_sleep_us(1000); /* the keeper is giving the space back */
    drain_all(d);
    ck_assert_uint_eq(d->records, n + 1);
    ck_assert_uint_eq(d->wrong, 0);
    drainer_free(d);
}
END_TEST

START_TEST(the_longest_record_fits_and_one_byte_more_does_not)
{
    size_t room = JOURNAL_SEGMENT_BYTES - 4096 - 32;
    uint8_t *payload = calloc(1, room + 1);
    ll_journal_part part = { payload, room };
    ll_journal_part halves[2] = { { payload, room }, { payload, 1 } };
    ll_segment_reader *reader = NULL;
    ll_segment_ref refs[4];
    uint64_t offset = 0;
    ll_record record;
    llmlearn_id id;

    open_journal(_i);
    memset(payload, 'x', room);
    ck_assert_int_eq(ll_journal_append(journal, 9, halves, 2, 1, &id), LLMLEARN_EINVAL);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "segment_bytes"));
    part.bytes = SIZE_MAX;
    ck_assert_int_eq(ll_journal_append(journal, 9, &part, 1, 1, &id), LLMLEARN_EINVAL);
    ck_assert_int_eq(journal_files(directory), 0);
    part.bytes = room;
    ck_assert_int_eq(ll_journal_append(journal, 9, &part, 1, 1, &id), LLMLEARN_OK);
    ck_assert_int_eq(journal_append(journal, 1, NULL), LLMLEARN_OK);
    ck_assert_uint_eq(ll_journal_own_segments(journal, refs, 4), 2);
    ck_assert_int_eq(ll_segment_reader_open(journal, &refs[0], &reader), LLMLEARN_OK);
    ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_RECORD);
    ck_assert_uint_eq(record.bytes, room);
    ck_assert_mem_eq(record.payload, payload, room);
    ck_assert_mem_eq(&record.id, &id, sizeof id);
    ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_FINISHED);
    ll_segment_reader_close(reader);
    free(payload);
}
END_TEST

START_TEST(a_record_of_many_parts_is_one_after_another)
{
    enum { PARTS = 21 };
    uint8_t payload[JOURNAL_PAYLOAD_MAX];
    size_t bytes = journal_payload(3, payload);
    size_t done = 0;
    ll_journal_part parts[PARTS];
    drainer *d;
    llmlearn_id id;

    open_journal(_i);
    d = drainer_new(journal);
    for (int i = 0; i < PARTS; i++) {
        size_t share = i == PARTS - 1 ? bytes - done : i % 4 == 3 ? 0 : bytes / PARTS;

        parts[i] = (ll_journal_part){ share == 0 ? NULL : payload + done, share };
        done += share;
    }
    ck_assert_int_eq(ll_journal_append(journal, JOURNAL_RECORD_TYPE, parts, PARTS, 1, &id),
                     LLMLEARN_OK);
    ck_assert_int_eq(ll_journal_append(journal, JOURNAL_RECORD_TYPE, parts, 0, 1, &id),
                     LLMLEARN_OK); /* no payload at all */
    drain_all(d);
    ck_assert_uint_eq(d->records, 2);
    ck_assert_uint_eq(d->wrong, 1); /* the empty one has no number */
    drainer_free(d);
}
END_TEST

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(llmlearn_id));
}

/* All within one microsecond of the clock. */
START_TEST(a_million_ids_are_all_different)
{
    size_t count = (size_t)learner_rounds(1000000, 50000);
    llmlearn_id *ids = calloc(count, sizeof *ids);
    uint8_t byte = 1;
    ll_journal_part part = { &byte, 1 };
    drainer *d;

    ck_assert_ptr_nonnull(ids);
    options.segment_bytes = UINT64_C(1) << 20;
    options.bytes_max = UINT64_C(16) << 20;
    open_journal(0);
    d = drainer_new(journal);
    for (size_t i = 0; i < count; i++) {
        while (ll_journal_append(journal, 1, &part, 1, 5, &ids[i]) != LLMLEARN_OK)
            drain_own(d);
    }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < count; i++)
        ck_assert_int_ne(memcmp(&ids[i - 1], &ids[i], sizeof ids[i]), 0);
    drainer_free(d);
    free(ids);
}
END_TEST

/* ---- several threads --------------------------------------------------- */

typedef struct appender {
    pthread_t thread;
    uint64_t first;
    uint64_t count;
    llmlearn_id *ids; /* of all appenders, by number */
} appender;

static void *append_all(void *argument)
{
    appender *a = argument;

    for (uint64_t n = a->first; n < a->first + a->count; n++) {
        while (journal_append(journal, n, &a->ids[n]) != LLMLEARN_OK)
            ll_clock_sleep_us(200);
    }
    return NULL;
}

typedef struct census {
    uint8_t *seen; /* how often, by number */
    llmlearn_id *ids;
    uint64_t count;
    uint64_t stray;
} census;

static void count_one(void *user, uint64_t n, const ll_record *record)
{
    census *c = user;

    if (n >= c->count) {
        c->stray++;
        return;
    }
    c->seen[n]++;
    c->ids[n] = record->id;
}

START_TEST(four_threads_append_while_one_reads_and_recycles)
{
    enum { THREADS = 4 };
    uint64_t each = (uint64_t)learner_rounds(20000, 2000);
    uint64_t count = THREADS * each;
    llmlearn_id *ids = calloc(count, sizeof *ids);
    census c = { .seen = calloc(count, 1), .ids = calloc(count, sizeof *ids), .count = count };
    appender appenders[THREADS];
    drainer *d;

    open_journal(_i);
    d = drainer_new(journal);
    d->take = count_one;
    d->user = &c;
    for (int i = 0; i < THREADS; i++) {
        appenders[i] = (appender){ .first = (uint64_t)i * each, .count = each, .ids = ids };
        pthread_create(&appenders[i].thread, NULL, append_all, &appenders[i]);
    }
    while (d->records < count)
        drain_own(d);
    for (int i = 0; i < THREADS; i++)
        pthread_join(appenders[i].thread, NULL);
    drain_all(d);
    ck_assert_uint_eq(d->records, count);
    ck_assert_uint_eq(d->wrong + d->holes + c.stray, 0);
    for (uint64_t n = 0; n < count; n++)
        ck_assert_uint_eq(c.seen[n], 1);
    ck_assert_mem_eq(c.ids, ids, count * sizeof *ids);
    qsort(ids, count, sizeof *ids, compare_ids);
    for (uint64_t n = 1; n < count; n++)
        ck_assert_int_ne(memcmp(&ids[n - 1], &ids[n], sizeof *ids), 0);
    drainer_free(d);
    free(c.seen);
    free(c.ids);
    free(ids);
}
END_TEST

START_TEST(first_appends_at_the_same_time_make_one_ring)
{
    enum { THREADS = 8 };
    llmlearn_id ids[THREADS];
    appender appenders[THREADS];

    open_journal(_i);
    for (int i = 0; i < THREADS; i++) {
        appenders[i] = (appender){ .first = (uint64_t)i, .count = 1, .ids = ids };
        pthread_create(&appenders[i].thread, NULL, append_all, &appenders[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(appenders[i].thread, NULL);
    ck_assert_uint_eq(state_of(journal).appended, THREADS);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
}
END_TEST

/* ---- the keeper -------------------------------------------------------- */

typedef struct messages {
    atomic_uint half, three_quarters, full, woken;
} messages;

static void hear(void *user, llmlearn_log_level level, const char *message_id, const char *text)
{
    messages *m = user;

    (void)level;
    (void)text;
    m->half += strcmp(message_id, "journal-half-full") == 0;
    m->three_quarters += strcmp(message_id, "journal-three-quarters-full") == 0;
    m->full += strcmp(message_id, "journal-full") == 0;
}

static void be_woken(void *user)
{
    ((messages *)user)->woken++;
}

static void await(atomic_uint *counter, unsigned value)
{
    while (atomic_load(counter) < value)
        ll_clock_sleep_us(1000);
}

/* Appends until a share of the ring, in eighths, is used. */
static uint64_t fill_eighths(uint64_t n, uint64_t eighths)
{
    while (state_of(journal).tail * 8 < state_of(journal).bytes_max * eighths)
        ck_assert_int_eq(journal_append(journal, n++, NULL), LLMLEARN_OK);
    return n;
}

START_TEST(the_keeper_wakes_who_drains_and_warns_once_per_crossing)
{
    messages m = { 0 };
    ll_log log = { hear, &m };
    uint64_t n;
    drainer *d;

    options.log = &log;
    options.wake = be_woken;
    options.wake_user = &m;
    open_journal(_i);
    d = drainer_new(journal);
    n = fill_eighths(0, 3);
    await(&m.woken, 1);
    ck_assert_uint_eq(m.half, 0);
    n = fill_eighths(n, 5);
    await(&m.half, 1);
    ck_assert_uint_eq(m.three_quarters, 0);
    n = fill_eighths(n, 7);
    await(&m.three_quarters, 1);
    n = append_until(n, UINT64_MAX);
    await(&m.full, 1);
    await(&m.woken, m.woken + 3); /* three more passes say nothing new */
    ck_assert_uint_eq(m.half, 1);
    ck_assert_uint_eq(m.three_quarters, 1);
    ck_assert_uint_eq(m.full, 1);
    drain_own(d);
    while (journal_append(journal, n, NULL) != LLMLEARN_OK)
        ll_clock_sleep_us(1000);
    drainer_free(d);
}
END_TEST

/* The number of segments that may be appended to again, seen by appending. */
START_TEST(a_paused_keeper_gives_nothing_back_until_it_may)
{
    uint64_t n;
    drainer *d;

    open_journal(_i);
    d = drainer_new(journal);
    n = append_until(0, UINT64_MAX);
    ck_assert(ll_journal_pause(journal, ll_deadline_in_ms(60000)));
    drain_own(d);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_EFULL);
        ll_clock_sleep_us(1000);
    }
    ll_journal_resume(journal);
    while (journal_append(journal, n, NULL) != LLMLEARN_OK)
        ll_clock_sleep_us(1000);
    drainer_free(d);
}
END_TEST

/* ---- files ------------------------------------------------------------- */

START_TEST(nothing_is_on_disk_before_the_first_append)
{
    struct stat about;

    open_journal(_i);
    ck_assert(!file_exists(directory));
    ck_assert_uint_eq(ll_journal_own_segments(journal, NULL, 0), 0);
    ck_assert_int_eq(journal_append(journal, 1, NULL), LLMLEARN_OK);
    ck_assert_int_eq(stat(directory, &about), 0);
    ck_assert_uint_eq(about.st_mode & 07777u, 0700);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
}
END_TEST

START_TEST(segments_are_for_their_owner_alone_whatever_the_umask)
{
    mode_t before = umask(0);
    ll_segment_ref ref;
    char path[2 * FOLDER_PATH_BYTES];
    struct stat about;

    open_journal(_i);
    ck_assert_int_eq(journal_append(journal, 1, NULL), LLMLEARN_OK);
    umask(before);
    ck_assert_uint_eq(ll_journal_own_segments(journal, &ref, 1), 1);
    snprintf(path, sizeof path, "%s/%s", directory, ref.name);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_uint_eq(about.st_mode & 07777u, 0600);
    ck_assert_int_eq(about.st_size, JOURNAL_SEGMENT_BYTES);
    ck_assert_int_ge(about.st_blocks * 512, JOURNAL_SEGMENT_BYTES); /* allocated, not sparse */
}
END_TEST

START_TEST(a_drained_journal_leaves_no_files)
{
    drainer *d;

    open_journal(_i);
    d = drainer_new(journal);
    ck_assert_int_eq(journal_append(journal, 1, NULL), LLMLEARN_OK);
    drain_own(d);
    ll_journal_unlink_drained(journal);
    ck_assert_int_eq(journal_files(directory), 0);
    ck_assert_int_eq(journal_append(journal, 2, NULL), LLMLEARN_ESTATE);
    ll_journal_close(journal);
    journal = NULL;
    drainer_free(d);
}
END_TEST

START_TEST(sizes_that_make_no_ring_are_refused_and_nothing_is_opened)
{
    static const uint64_t sizes[][2] = {
        { 0, 65536 },
        { 3 * 65536, 65536 },
        { 4 * 65536 + 8, 65536 },
        { 4 * 65537, 65537 },
        { 4 * 65536, 0 },
        { 4, 1 },
        { UINT64_MAX, 65536 },
        { 65536, 4 * 65536 },
        { 1ull << 50, 1 << 16 },
        { 8ull << 30, 2u << 30 },
    };
    ll_journal *made = NULL;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        options.bytes_max = sizes[i][0];
        options.segment_bytes = sizes[i][1];
        ck_assert_int_eq(ll_journal_open(&options, &made), LLMLEARN_EINVAL);
        ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "_bytes"));
        ck_assert_ptr_null(made);
    }
    ll_journal_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tests = tcase_create("journal");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, appended_records_come_back_in_order_and_whole, 0, WAYS);
    tcase_add_loop_test(tests, the_ring_goes_round_many_times, 0, WAYS);
    tcase_add_loop_test(tests, a_full_ring_refuses_and_claims_nothing, 0, WAYS);
    tcase_add_loop_test(tests, the_longest_record_fits_and_one_byte_more_does_not, 0, WAYS);
    tcase_add_loop_test(tests, a_record_of_many_parts_is_one_after_another, 0, WAYS);
    tcase_add_test(tests, a_million_ids_are_all_different);
    tcase_add_loop_test(tests, four_threads_append_while_one_reads_and_recycles, 0, WAYS);
    tcase_add_loop_test(tests, first_appends_at_the_same_time_make_one_ring, 0, WAYS);
    tcase_add_loop_test(tests, the_keeper_wakes_who_drains_and_warns_once_per_crossing, 0, WAYS);
    tcase_add_loop_test(tests, a_paused_keeper_gives_nothing_back_until_it_may, 0, WAYS);
    tcase_add_loop_test(tests, nothing_is_on_disk_before_the_first_append, 0, WAYS);
    tcase_add_loop_test(tests, segments_are_for_their_owner_alone_whatever_the_umask, 0, WAYS);
    tcase_add_loop_test(tests, a_drained_journal_leaves_no_files, 0, WAYS);
    tcase_add_test(tests, sizes_that_make_no_ring_are_refused_and_nothing_is_opened);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
