/* segment_reader_test.c - segments with torn, missing, damaged, misplaced and stale bytes, of
 * living and of dead owners. */
#include "base/crc32c.h"
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
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS_MAX 512

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static char path[FOLDER_PATH_BYTES + 80]; /* of the first segment */
static ll_journal_options options;
static ll_journal *owner;
static ll_journal *other;
static ll_segment_ref segment; /* the owner's first, as others see it */

/* Where the records of the first segment lie, as written. */
static struct {
    uint64_t at;
    uint64_t end; /* on the grid */
} places[RECORDS_MAX];
static size_t place_count;
static uint64_t used_end; /* behind the last of them */

/* What a reading gave. */
static struct {
    uint8_t numbers[RECORDS_MAX];
    size_t count;
    uint64_t holes;
    uint64_t hole_bytes;
    uint64_t offset;
    ll_read last;
} got;

/* ---- fixture ----------------------------------------------------------- */

static void find_segment(void)
{
    ll_segment_ref *refs = NULL;
    size_t count = 0;

    ck_assert_int_eq(ll_journal_list_others(other, &refs, &count), LLMLEARN_OK);
    ck_assert_uint_eq(count, JOURNAL_SEGMENTS);
    segment = refs[0];
    free(refs);
    snprintf(path, sizeof path, "%s/%s", directory, segment.name);
}

static uint64_t rounded(uint64_t bytes)
{
    return (bytes + 7) & ~UINT64_C(7);
}

static void find_places(void)
{
    ll_segment_reader *reader = NULL;
    uint64_t offset = 0;
    ll_record record;

    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_OK);
    place_count = 0;
    while (ll_segment_reader_next(reader, &offset, &record) == LL_READ_RECORD) {
        ck_assert_uint_eq(journal_number(&record), place_count);
        places[place_count].at = offset - rounded(sizeof(ll_record_header) + record.bytes);
        places[place_count].end = offset;
        place_count++;
    }
    used_end = places[place_count - 1].end;
    ll_segment_reader_close(reader);
}

/* An owner that appended `count` records to its first segment; all of it if 0. */
static void appended(uint64_t count)
{
    ll_journal_state state = { 0 };

    owner = journal_open(&options);
    for (uint64_t n = 0; count > 0 ? n < count : state.tail < JOURNAL_SEGMENT_BYTES; n++) {
        ck_assert_int_eq(journal_append(owner, n, NULL), LLMLEARN_OK);
        ll_journal_get_state(owner, &state);
    }
    other = journal_open(&options);
    find_segment();
    find_places();
}

static void die(void)
{
    ll_journal_close(owner); /* leaves its undrained files, unlocked: as if killed */
    owner = NULL;
}

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
}

static void tear_down(void)
{
    ll_journal_close(owner);
    ll_journal_close(other);
    owner = other = NULL;
    folder_remove(folder);
}

/* ---- damage ------------------------------------------------------------ */

static void patch(uint64_t at, const void *data, size_t bytes)
{
    int fd = open(path, O_WRONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, data, bytes, (off_t)at), (ssize_t)bytes);
    close(fd);
}

static void fetch(uint64_t at, void *out, size_t bytes)
{
    int fd = open(path, O_RDONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, out, bytes, (off_t)at), (ssize_t)bytes);
    close(fd);
}

static void flip(uint64_t at, uint8_t mask)
{
    uint8_t byte;

    fetch(at, &byte, 1);
    byte ^= mask;
    patch(at, &byte, 1);
}

static void zero(uint64_t from, uint64_t to)
{
    uint8_t *zeros = calloc(1, to - from + 1);

    patch(from, zeros, to - from);
    free(zeros);
}

/* Turns a record into one whose appender was stopped before the commit. */
static void uncommit(size_t place)
{
    flip(places[place].at + 7, 0x80);
}

/* ---- reading ----------------------------------------------------------- */

/* One after another from `from`; no number may be wrong. */
static void read_from(uint64_t from)
{
    ll_segment_reader *reader = NULL;
    ll_record record;

    memset(&got, 0, sizeof got);
    got.offset = from;
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_OK);
    while ((got.last = ll_segment_reader_next(reader, &got.offset, &record)) == LL_READ_RECORD) {
        uint64_t n = journal_number(&record);

        ck_assert_uint_lt(n, place_count);
        got.numbers[n]++;
        got.count++;
    }
    got.holes = ll_segment_reader_holes(reader, &got.hole_bytes);
    ll_segment_reader_close(reader);
}

/* All but those of [from, to) were read, once each. */
static void check_all_but(size_t from, size_t to)
{
    for (size_t n = 0; n < place_count; n++)
        ck_assert_msg(got.numbers[n] == (n < from || n >= to), "record %zu was read %u times", n,
                      got.numbers[n]);
}

static uint64_t holes_counted(void)
{
    ll_journal_state state;

    ll_journal_get_state(other, &state);
    return state.holes;
}

/* ---- unfinished records ------------------------------------------------ */

START_TEST(an_append_cut_off_at_the_end_is_the_end_while_its_owner_lives)
{
    appended(20);
    uncommit(19);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_END);
    check_all_but(19, 20);
    ck_assert_uint_eq(got.offset, places[19].at);
    uncommit(19); /* back: now it is committed */
    read_from(got.offset);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_uint_eq(got.numbers[19], 1);
}
END_TEST

START_TEST(a_torn_tail_of_a_dead_owner_is_one_hole)
{
    appended(20);
    uncommit(19);
    zero(places[19].at + 40, places[19].end);
    die();
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
    check_all_but(19, 20);
    ck_assert_uint_eq(got.holes, 1);
    ck_assert_uint_eq(got.hole_bytes, 40);
    ck_assert_uint_eq(holes_counted(), 1);
    ck_assert_uint_eq(got.offset, JOURNAL_SEGMENT_BYTES);
}
END_TEST

START_TEST(a_whole_record_of_a_dead_owner_counts_committed_or_not)
{
    appended(20);
    uncommit(7);
    uncommit(19);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_BLOCKED);
    ck_assert_uint_eq(got.count, 7);
    die();
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
    check_all_but(0, 0);
    ck_assert_uint_eq(got.holes, 0);
}
END_TEST

START_TEST(an_unfinished_record_in_the_middle_blocks_a_living_owners_readers)
{
    appended(20);
    uncommit(7);
    zero(places[7].at + 32, places[7].end);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_BLOCKED);
    ck_assert_uint_eq(got.count, 7);
    ck_assert_uint_eq(got.offset, places[7].at);
    ck_assert_uint_eq(got.holes, 0);
    die();
    read_from(got.offset);
    check_all_but(0, 8);
    ck_assert_uint_eq(got.count, 12);
    ck_assert_uint_eq(got.holes, 1);
}
END_TEST

START_TEST(a_claimed_place_that_was_never_stored_to_is_a_hole)
{
    appended(20);
    zero(places[3].at, places[6].end);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_BLOCKED);
    ck_assert_uint_eq(got.count, 3);
    die();
    read_from(0);
    check_all_but(3, 7);
    ck_assert_uint_eq(got.holes, 1);
    ck_assert_uint_eq(got.hole_bytes, places[6].end - places[3].at);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
}
END_TEST

START_TEST(two_damaged_places_are_two_holes_and_a_rest_of_zeros_is_none)
{
    appended(20);
    zero(places[3].at, places[3].end);
    flip(places[8].at + 35, 1);
    die();
    read_from(0);
    ck_assert_uint_eq(got.count, 18);
    ck_assert_uint_eq(got.holes, 2);
    ck_assert_uint_eq(got.hole_bytes, places[3].end - places[3].at + places[8].end - places[8].at);
}
END_TEST

START_TEST(a_reader_that_stays_open_sees_what_is_appended_later)
{
    ll_segment_ref own;
    ll_segment_reader *readers[2] = { NULL, NULL };
    uint64_t offsets[2] = { 0, 0 };
    ll_record record;

    appended(1);
    ck_assert_uint_eq(ll_journal_own_segments(owner, &own, 1), 1);
    ck_assert_int_eq(ll_segment_reader_open(owner, &own, &readers[0]), LLMLEARN_OK);
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &readers[1]), LLMLEARN_OK);
    for (uint64_t n = 0; n < 40; n++) {
        for (int i = 0; i < 2; i++) {
            ck_assert_int_eq(ll_segment_reader_next(readers[i], &offsets[i], &record),
                             LL_READ_RECORD);
            ck_assert_uint_eq(journal_number(&record), n);
            ck_assert_int_eq(ll_segment_reader_next(readers[i], &offsets[i], &record), LL_READ_END);
        }
        ck_assert_int_eq(journal_append(owner, n + 1, NULL), LLMLEARN_OK);
    }
    ll_segment_reader_close(readers[0]);
    ll_segment_reader_close(readers[1]);
}
END_TEST

/* ---- padding ----------------------------------------------------------- */

START_TEST(the_padding_that_ends_a_segment_is_no_hole)
{
    appended(0);
    ck_assert_uint_lt(used_end, JOURNAL_SEGMENT_BYTES);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
    ck_assert_uint_eq(got.holes, 0);
    ck_assert_uint_eq(got.offset, JOURNAL_SEGMENT_BYTES);
    die();
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
    check_all_but(0, 0);
    ck_assert_uint_eq(got.holes, 0);
}
END_TEST

START_TEST(damaged_padding_costs_no_record)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        appended(0);
        die();
        flip(used_end + bit / 8, (uint8_t)(1u << bit % 8));
        read_from(0);
        ck_assert_int_eq(got.last, LL_READ_FINISHED);
        check_all_but(0, 0);
        ck_assert_uint_eq(got.holes, 1);
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(damage_right_before_the_padding_ends_with_it)
{
    appended(0);
    flip(places[place_count - 1].at + 40, 4);
    die();
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
    check_all_but(place_count - 1, place_count);
    ck_assert_uint_eq(got.holes, 1);
    ck_assert_uint_eq(got.hole_bytes, used_end - places[place_count - 1].at);
}
END_TEST

/* ---- damaged records --------------------------------------------------- */

START_TEST(a_record_damaged_under_a_living_owner_is_stepped_over)
{
    appended(20);
    flip(places[5].at + 50, 0x10);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_END);
    check_all_but(5, 6);
    ck_assert_uint_eq(got.holes, 1);
}
END_TEST

/* Its length is not believed when it leads nowhere. */
START_TEST(a_damaged_word_blocks_while_the_owner_lives)
{
    static const struct {
        uint64_t byte;
        uint8_t mask;
    } flips[] = { { 0, 1 }, { 3, 0x80 }, { 4, 8 }, { 5, 1 }, { 6, 0x40 } };

    appended(20);
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
        flip(places[5].at + flips[i].byte, flips[i].mask);
        read_from(0);
        ck_assert_int_eq(got.last, LL_READ_BLOCKED);
        ck_assert_uint_eq(got.count, 5);
        ck_assert_uint_eq(got.offset, places[5].at);
        flip(places[5].at + flips[i].byte, flips[i].mask);
    }
    read_from(0);
    check_all_but(0, 0);
}
END_TEST

/* Nobody will mend it, and nobody may be kept waiting for ever. */
START_TEST(a_damaged_word_of_our_own_is_passed_when_the_segment_is_full)
{
    ll_segment_reader *reader = NULL;
    ll_segment_ref own[2];
    uint64_t offset = 0, n = 20;
    ll_record record;
    ll_read read;

    appended(20);
    flip(places[5].at + 2, 1);
    ck_assert_uint_eq(ll_journal_own_segments(owner, own, 2), 1);
    ck_assert_int_eq(ll_segment_reader_open(owner, &own[0], &reader), LLMLEARN_OK);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_RECORD);
    ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_BLOCKED);
    ck_assert_uint_eq(offset, places[5].at);
    while (ll_journal_own_segments(owner, own, 2) == 1)
        ck_assert_int_eq(journal_append(owner, n++, NULL), LLMLEARN_OK);
    for (uint64_t next = 6; next < n - 1; next++) {
        ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_RECORD);
        ck_assert_uint_eq(journal_number(&record), next);
    }
    read = ll_segment_reader_next(reader, &offset, &record);
    ck_assert_int_eq(read, LL_READ_FINISHED);
    ck_assert_uint_eq(offset, JOURNAL_SEGMENT_BYTES);
    ck_assert_uint_eq(ll_segment_reader_holes(reader, NULL), 1);
    ll_segment_reader_close(reader);
}
END_TEST

START_TEST(the_header_may_be_damaged_in_either_copy)
{
    uint8_t noise[sizeof(ll_segment_header)];

    memset(noise, 0x3c, sizeof noise);
    for (int copy = 0; copy < 2; copy++) {
        appended(20);
        die();
        patch((uint64_t)copy * LL_SEGMENT_HEADER_B, noise, sizeof noise);
        read_from(0);
        check_all_but(0, 0);
        ck_assert_uint_eq(got.holes, 0);
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(with_both_headers_gone_the_file_is_foreign_and_stays)
{
    ll_segment_reader *reader = NULL;
    ll_segment_ref *refs = NULL;
    ll_journal_state state;
    size_t count;

    appended(20);
    die();
    flip(20, 1);
    flip(LL_SEGMENT_HEADER_B + 20, 1);
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_ENOTFOUND);
    ck_assert_int_eq(ll_journal_list_others(other, &refs, &count), LLMLEARN_OK);
    ck_assert_uint_eq(count, JOURNAL_SEGMENTS - 1);
    ll_journal_get_state(other, &state);
    ck_assert_uint_eq(state.foreign_segments, 1);
    ck_assert(file_exists(path));
    free(refs);
}
END_TEST

/* As if a later version had written it: the crc is right, the format is not ours. */
START_TEST(another_format_is_foreign)
{
    ll_segment_header header;
    ll_segment_ref *refs = NULL;
    size_t count;

    appended(20);
    die();
    fetch(0, &header, sizeof header);
    header.format = LL_SEGMENT_FORMAT + 1;
    header.crc = ll_crc32c(0, &header, offsetof(ll_segment_header, crc));
    patch(0, &header, sizeof header);
    patch(LL_SEGMENT_HEADER_B, &header, sizeof header);
    ck_assert_int_eq(ll_journal_list_others(other, &refs, &count), LLMLEARN_OK);
    ck_assert_uint_eq(count, JOURNAL_SEGMENTS - 1);
    ck_assert(file_exists(path));
    free(refs);
}
END_TEST

/* ---- misplaced and stale bytes ----------------------------------------- */

/* Blocks that a disk wrote to the wrong place: nothing wrong is read, and nothing twice. */
START_TEST(misplaced_blocks_cost_their_own_records_alone)
{
    static const uint64_t block_bytes[] = { 512, 4096, 1016, 8 };
    uint8_t block[4096];

    for (size_t i = 0; i < sizeof block_bytes / sizeof block_bytes[0]; i++) {
        for (uint64_t from = LL_SEGMENT_DATA; from < 30000; from += 3576) {
            uint64_t bytes = block_bytes[i];
            uint64_t to = from + 2 * bytes;
            size_t hit = 0;

            appended(0);
            die();
            fetch(from, block, bytes);
            patch(to, block, bytes);
            read_from(0);
            ck_assert_int_eq(got.last, LL_READ_FINISHED);
            for (size_t n = 0; n < place_count; n++) {
                bool touched = places[n].at < to + bytes && places[n].end > to;

                ck_assert_uint_le(got.numbers[n], 1);
                ck_assert(touched || got.numbers[n] == 1);
                hit += touched;
            }
            ck_assert_uint_gt(hit, 0);
            tear_down();
            set_up();
        }
    }
}
END_TEST

/* The data of a file's earlier life under the header of a later one. */
START_TEST(stale_bytes_of_an_earlier_life_never_parse)
{
    uint8_t *before = malloc(JOURNAL_SEGMENT_BYTES);
    ll_segment_header header;

    appended(0);
    die();
    fetch(0, before, JOURNAL_SEGMENT_BYTES);
    memcpy(&header, before, sizeof header);
    header.uuid[5] ^= 0x40;
    header.crc = ll_crc32c(0, &header, offsetof(ll_segment_header, crc));
    memcpy(segment.uuid, header.uuid, sizeof segment.uuid);
    patch(0, &header, sizeof header);
    patch(LL_SEGMENT_HEADER_B, &header, sizeof header);
    read_from(0);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
    ck_assert_uint_eq(got.count, 0);
    ck_assert_uint_eq(got.holes, 1);
    free(before);
}
END_TEST

START_TEST(a_reference_to_an_earlier_life_finds_nothing)
{
    ll_segment_reader *reader = NULL;

    appended(20);
    segment.uuid[0] ^= 1;
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_ENOTFOUND);
    die();
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_ENOTFOUND);
    segment.uuid[0] ^= 1;
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_ENOTFOUND);
}
END_TEST

START_TEST(a_name_that_means_another_file_now_is_not_removed)
{
    ll_segment_reader *reader = NULL;
    char moved[sizeof path + 8];
    unsigned char *data;
    size_t bytes;

    appended(20);
    die();
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_OK);
    snprintf(moved, sizeof moved, "%s.moved", path);
    ck_assert_int_eq(rename(path, moved), 0);
    data = file_read(moved, &bytes);
    file_write(path, data, bytes);
    ck_assert_int_eq(ll_segment_reader_unlink(reader), LLMLEARN_ENOTFOUND);
    ck_assert(file_exists(path));
    ll_segment_reader_close(reader);
    free(data);
}
END_TEST

/* ---- truncated files --------------------------------------------------- */

START_TEST(a_truncated_file_gives_what_is_left_of_it)
{
    unsigned char *whole;
    size_t bytes;
    size_t step = (size_t)learner_rounds(97, 971);

    appended(0);
    die();
    whole = file_read(path, &bytes);
    for (size_t length = 0; length < bytes; length += step) {
        size_t expected = 0;

        ck_assert_int_eq(truncate(path, (off_t)length), 0);
        if (length < sizeof(ll_segment_header)) {
            ll_segment_reader *reader = NULL;

            ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_ENOTFOUND);
        } else {
            read_from(0);
            while (expected < place_count && places[expected].end <= length)
                expected++;
            ck_assert_int_eq(got.last, LL_READ_FINISHED);
            /* The zero bytes that round a record up may be the ones cut off. */
            ck_assert_uint_ge(got.count, expected);
            ck_assert_uint_le(got.count, expected + 1);
            check_all_but(got.count, place_count);
        }
        file_write(path, whole, bytes);
    }
    free(whole);
}
END_TEST

/* Between two calls, while a reader has it open. */
START_TEST(a_file_cut_while_it_is_read_ends_there)
{
    ll_segment_reader *reader = NULL;
    ll_record record;
    uint64_t offset = 0;
    ll_read last;

    appended(0);
    die();
    ck_assert_int_eq(ll_segment_reader_open(other, &segment, &reader), LLMLEARN_OK);
    ck_assert_int_eq(truncate(path, (off_t)places[4].end), 0);
    while ((last = ll_segment_reader_next(reader, &offset, &record)) == LL_READ_RECORD)
        ck_assert_uint_lt(journal_number(&record), 5);
    ck_assert_int_eq(last, LL_READ_FINISHED);
    ll_segment_reader_close(reader);
}
END_TEST

/* ---- positions --------------------------------------------------------- */

/* A position from a store that was restored from a backup may lie anywhere. */
START_TEST(reading_may_begin_anywhere)
{
    appended(0);
    for (uint64_t from = 0; from < JOURNAL_SEGMENT_BYTES + 20; from += 17) {
        read_from(from);
        ck_assert_int_ne(got.last, LL_READ_ERROR);
    }
    die();
    for (uint64_t from = 0; from < JOURNAL_SEGMENT_BYTES + 20; from += 17) {
        size_t first = 0;

        while (first < place_count && places[first].at < from)
            first++;
        read_from(from);
        ck_assert_int_eq(got.last, LL_READ_FINISHED);
        ck_assert_uint_eq(got.count, place_count - first);
        check_all_but(0, first);
    }
    read_from(UINT64_MAX);
    ck_assert_int_eq(got.last, LL_READ_FINISHED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segment_reader");
    TCase *tests = tcase_create("segment_reader");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_append_cut_off_at_the_end_is_the_end_while_its_owner_lives);
    tcase_add_test(tests, a_torn_tail_of_a_dead_owner_is_one_hole);
    tcase_add_test(tests, a_whole_record_of_a_dead_owner_counts_committed_or_not);
    tcase_add_test(tests, an_unfinished_record_in_the_middle_blocks_a_living_owners_readers);
    tcase_add_test(tests, a_claimed_place_that_was_never_stored_to_is_a_hole);
    tcase_add_test(tests, two_damaged_places_are_two_holes_and_a_rest_of_zeros_is_none);
    tcase_add_test(tests, a_reader_that_stays_open_sees_what_is_appended_later);
    tcase_add_test(tests, the_padding_that_ends_a_segment_is_no_hole);
    tcase_add_test(tests, damaged_padding_costs_no_record);
    tcase_add_test(tests, damage_right_before_the_padding_ends_with_it);
    tcase_add_test(tests, a_record_damaged_under_a_living_owner_is_stepped_over);
    tcase_add_test(tests, a_damaged_word_blocks_while_the_owner_lives);
    tcase_add_test(tests, a_damaged_word_of_our_own_is_passed_when_the_segment_is_full);
    tcase_add_test(tests, the_header_may_be_damaged_in_either_copy);
    tcase_add_test(tests, with_both_headers_gone_the_file_is_foreign_and_stays);
    tcase_add_test(tests, another_format_is_foreign);
    tcase_add_test(tests, misplaced_blocks_cost_their_own_records_alone);
    tcase_add_test(tests, stale_bytes_of_an_earlier_life_never_parse);
    tcase_add_test(tests, a_reference_to_an_earlier_life_finds_nothing);
    tcase_add_test(tests, a_name_that_means_another_file_now_is_not_removed);
    tcase_add_test(tests, a_truncated_file_gives_what_is_left_of_it);
    tcase_add_test(tests, a_file_cut_while_it_is_read_ends_there);
    tcase_add_test(tests, reading_may_begin_anywhere);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
