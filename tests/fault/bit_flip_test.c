/* bit_flip_test.c - every single bit of a 64 KiB segment is flipped in turn, 524,288 images in
 * all; each is read as a dead owner's. Nothing crashes, no wrong record is given out, and no
 * record is lost but the one that the bit belongs to.
 *
 * With LL_QUICK set, or under a sanitizer, every 61st bit. */
#include "journal/format.h"
#include "journal/journal.h"
#include "support/folder.h"
#include "support/journals.h"
#include "support/learners.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS_MAX 512

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal *reading;
static ll_segment_ref segment;
static uint8_t image[JOURNAL_SEGMENT_BYTES]; /* as it was written */
static int image_fd;

static struct {
    uint64_t at;  /* its first byte in the file */
    uint64_t end; /* behind its last, on the grid */
    uint32_t bytes;
    llmlearn_id id;
} records[RECORDS_MAX];
static size_t record_count;

/* Records of many lengths until the segment is full and its end is padding. */
static void write_segment(const ll_journal_options *options)
{
    ll_journal *owner = journal_open(options);
    ll_journal_state state = { 0 };

    for (uint64_t n = 0; state.tail < JOURNAL_SEGMENT_BYTES - LL_SEGMENT_DATA; n++) {
        ck_assert_int_eq(journal_append(owner, n, NULL), LLMLEARN_OK);
        ll_journal_get_state(owner, &state);
    }
    ll_journal_set_drained(owner, 0);
    ll_journal_close(owner);
}

static void find_segment(void)
{
    ll_segment_ref *refs = NULL;
    char path[2 * FOLDER_PATH_BYTES];
    size_t count = 0;

    ck_assert_int_eq(ll_journal_list_others(reading, &refs, &count), LLMLEARN_OK);
    ck_assert_uint_eq(count, JOURNAL_SEGMENTS);
    segment = refs[0];
    free(refs);
    snprintf(path, sizeof path, "%s/%s", directory, segment.name);
    image_fd = open(path, O_RDWR);
    ck_assert_int_ge(image_fd, 0);
    ck_assert_int_eq(pread(image_fd, image, sizeof image, 0), sizeof image);
}

static void find_records(void)
{
    ll_segment_reader *reader = NULL;
    uint64_t offset = 0;
    ll_record record;

    ck_assert_int_eq(ll_segment_reader_open(reading, &segment, &reader), LLMLEARN_OK);
    while (ll_segment_reader_next(reader, &offset, &record) == LL_READ_RECORD) {
        uint64_t length = sizeof(ll_record_header) + record.bytes;

        ck_assert_uint_eq(journal_number(&record), record_count);
        records[record_count].end = offset;
        records[record_count].at = offset - ((length + 7) & ~UINT64_C(7));
        records[record_count].bytes = record.bytes;
        records[record_count].id = record.id;
        record_count++;
    }
    ll_segment_reader_close(reader);
    ck_assert_uint_gt(record_count, 50);
    ck_assert_uint_lt(records[record_count - 1].end, JOURNAL_SEGMENT_BYTES); /* padding */
}

static void set_up(void)
{
    ll_journal_options options;

    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
    reading = journal_open(&options);
    write_segment(&options);
    find_segment();
    find_records();
}

static void tear_down(void)
{
    close(image_fd);
    ll_journal_close(reading);
    folder_remove(folder);
}

static bool is_as_written(const ll_record *got, size_t n)
{
    return got->type == JOURNAL_RECORD_TYPE && got->bytes == records[n].bytes &&
           memcmp(&got->id, &records[n].id, sizeof got->id) == 0 &&
           memcmp(got->payload, image + records[n].at + sizeof(ll_record_header), got->bytes) == 0;
}

static bool belongs_to(size_t n, uint64_t byte)
{
    return byte >= records[n].at && byte < records[n].end;
}

/* Reads the damaged image; NULL, or what was wrong. */
static const char *read_image(uint64_t damaged_byte)
{
    ll_segment_reader *reader = NULL;
    const char *wrong = NULL;
    uint64_t offset = 0;
    size_t n = 0;
    ll_record got;
    ll_read read;

    if (ll_segment_reader_open(reading, &segment, &reader) != LLMLEARN_OK)
        return "could not be opened";
    while ((read = ll_segment_reader_next(reader, &offset, &got)) == LL_READ_RECORD) {
        if (n < record_count && !is_as_written(&got, n) && belongs_to(n, damaged_byte))
            n++; /* lost, rightly */
        if (n == record_count || !is_as_written(&got, n)) {
            wrong = "gave a wrong record";
            break;
        }
        n++;
    }
    if (n < record_count && belongs_to(n, damaged_byte))
        n++;
    if (wrong == NULL && read != LL_READ_FINISHED)
        wrong = "did not end";
    if (wrong == NULL && n < record_count)
        wrong = "lost a record that was not hit";
    ll_segment_reader_close(reader);
    return wrong;
}

static void store_byte(uint64_t at, uint8_t byte)
{
    ck_assert_int_eq(pwrite(image_fd, &byte, 1, (off_t)at), 1);
}

START_TEST(a_flipped_bit_costs_at_most_its_own_record)
{
    unsigned stride = (unsigned)learner_rounds(1, 61);

    for (uint64_t bit = 0; bit < 8 * sizeof image; bit += stride) {
        uint64_t at = bit / 8;
        const char *wrong;

        store_byte(at, image[at] ^ (uint8_t)(1u << bit % 8));
        wrong = read_image(at);
        ck_assert_msg(wrong == NULL, "with bit %u of byte %llu flipped the segment %s",
                      (unsigned)(bit % 8), (unsigned long long)at, wrong);
        store_byte(at, image[at]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bit_flip");
    TCase *tests = tcase_create("bit_flip");

    tcase_set_timeout(tests, 600);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_flipped_bit_costs_at_most_its_own_record);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
