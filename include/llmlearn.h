/* llmlearn.h - the loop that makes an LLM's explanations better, inside your own process.
 *
 * Log every explanation, collect votes on it, split traffic between prompt
 * variants, and let statistics choose the prompt that people find helpful.
 *
 * Rules that hold for every function below, so none repeats them:
 *
 *   Errors     A function that can fail returns llmlearn_err; LLMLEARN_OK is 0.
 *              llmlearn_error_detail() then says in one line what was wrong.
 *              Any function may return LLMLEARN_EINVAL (an argument broke a rule
 *              stated here), LLMLEARN_EUNSUPPORTED (a struct is newer than this
 *              library and uses what it lacks), LLMLEARN_ENOMEM.
 *   Outputs    Come last, named out_*; written on LLMLEARN_OK, untouched otherwise.
 *              Unless said otherwise an out pointer may be NULL: not wanted.
 *   Ownership  Arguments are copied before return. JSON texts are the caller's to
 *              give to llmlearn_free(). Closing and freeing accept NULL.
 *   Threads    Any thread may call any function on one handle at the same time,
 *              except llmlearn_close, which must be the last call.
 *   Fork       A handle stays usable in parent and child. Only if the fork could not wait
 *              for the parent's disk (100 ms), the child logs, counts and is served the
 *              baseline, but does nothing else: LLMLEARN_ESTATE.
 *   Waiting    A `deadline_ms` bounds the whole call; 0 means 1,000 ms.
 *              LLMLEARN_ETIMEDOUT means that nothing was stored or changed.
 *              LLMLEARN_EUNKNOWN means that the disk has not answered a commit for
 *              5 s more, or failed it: the change may or may not stand. Asking again
 *              is safe, but an anonymous vote may then be there twice.
 *   Text       UTF-8, NUL-terminated, strictly valid, at most the bytes stated.
 *              "name" is 1 to 64 bytes of printable ASCII without space and
 *              without any of  " ' \ < > & % ; `  (tickers, versions, models, providers).
 *   Units      A name ends in its unit: _ms, _us, _bytes, _nanousd, _ratio (0..1).
 *              Times are microseconds since 1970-01-01 UTC; days are UTC days.
 *   Growth     A struct starts with struct_size = sizeof it as you compiled it.
 *              New fields go at the end; a zero field always means the default.
 */
#ifndef LLMLEARN_H
#define LLMLEARN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LLMLEARN_API
#define LLMLEARN_API __attribute__((visibility("default")))
#endif

#define LLMLEARN_VERSION_MAJOR 0
#define LLMLEARN_VERSION_MINOR 1
#define LLMLEARN_VERSION_PATCH 0

/* The library's version as it runs, "0.1.0". Never NULL; static. */
LLMLEARN_API const char *llmlearn_version(void);

/* ---- errors ------------------------------------------------------------ */

/* Values are part of the ABI: never renumbered, never reused. */
typedef enum llmlearn_err {
    LLMLEARN_OK = 0,
    LLMLEARN_EINVAL = -1,       /* an argument broke a documented rule */
    LLMLEARN_ENOMEM = -2,       /* out of memory; nothing changed */
    LLMLEARN_EIO = -3,          /* the disk or the operating system said no */
    LLMLEARN_ECORRUPT = -4,     /* a checksum or the database is damaged */
    LLMLEARN_EFULL = -5,        /* journal or disk full; nothing was claimed; try again later */
    LLMLEARN_ENOTFOUND = -6,    /* no such explanation, vote, variant or test */
    LLMLEARN_EUNSUPPORTED = -7, /* newer struct field, newer schema, network file system */
    LLMLEARN_ETIMEDOUT = -8,    /* the deadline passed; nothing was stored */
    LLMLEARN_ERATE = -9,        /* vote limit; llmlearn_error_retry_after_s() says how long */
    LLMLEARN_EEXIST = -10,      /* the version has another text, or the signal a running test */
    LLMLEARN_ENOCHAMPION = -11, /* the champion is not among the arms, or there is none yet */
    LLMLEARN_ESTATE = -12,      /* not possible in this state: test ended, variant in use */
    LLMLEARN_EFOREIGN = -13,    /* the file is not a llmlearn database; left untouched */
    LLMLEARN_EUNKNOWN = -14,    /* commit not answered in time; may or may not stand */
    LLMLEARN_ELLM = -15,        /* the model's service refused, failed or answered nothing usable */
    LLMLEARN_EBUDGET = -16,   /* it could cost more than the budget has left; nothing was called */
    LLMLEARN_ECANCELLED = -17 /* the caller's flag was raised while it waited */
} llmlearn_err;

/* The name of a code, "LLMLEARN_EINVAL"; "LLMLEARN_?" for a number that is none. Static. */
LLMLEARN_API const char *llmlearn_error_name(llmlearn_err err);

/* One line on this thread's latest failure: which argument, what is allowed,
 * what to do. Valid until this thread's next failing call. Never NULL. */
LLMLEARN_API const char *llmlearn_error_detail(void);

/* After LLMLEARN_ERATE on this thread: whole seconds until a vote fits, >= 1. Else 0. */
LLMLEARN_API uint32_t llmlearn_error_retry_after_s(void);

/* ---- ids --------------------------------------------------------------- */

/* A UUIDv7 (RFC 9562): sorts by time; says nothing secret, proves nothing. */
typedef struct llmlearn_id {
    uint8_t bytes[16];
} llmlearn_id;

#define LLMLEARN_ID_TEXT_BYTES 37 /* 36 characters and the NUL */

/* Reads "0190b7d4-....": 36 characters, hex digits of either case.
 * LLMLEARN_EINVAL if it is anything else. out_id is required. */
LLMLEARN_API llmlearn_err llmlearn_id_parse(const char *text, llmlearn_id *out_id);

/* Writes the lower-case text and a NUL to out_text[37]; both are required. */
LLMLEARN_API llmlearn_err llmlearn_id_format(const llmlearn_id *id, char *out_text);

/* ---- life -------------------------------------------------------------- */

/* One open learner: a journal, a store and the threads between them. */
typedef struct llmlearn llmlearn;

/* Severity of a log line. */
typedef enum llmlearn_log_level {
    LLMLEARN_LOG_INFO = 1,
    LLMLEARN_LOG_WARNING = 2,
    LLMLEARN_LOG_ERROR = 3
} llmlearn_log_level;

/* Called from the library's threads or the caller's; must not call the library
 * and must return soon. `message_id` is stable ("journal-half-full"). */
typedef void (*llmlearn_log_fn)(void *user, llmlearn_log_level level, const char *message_id,
                                const char *text);

/* The time now in microseconds since 1970 UTC. For tests and simulations; must be thread-safe. */
typedef int64_t (*llmlearn_clock_fn)(void *user);

typedef struct llmlearn_options {
    uint32_t struct_size;
    uint32_t flags;             /* none yet: 0 */
    const char *path;           /* required: the database file; made with mode 0600 if absent */
    const char *baseline;       /* NULL: "v1.0". The version served when nothing else is known */
    uint64_t journal_bytes_max; /* 0: 256 MiB. This process's journal; 1 MiB to 1 TiB */
    uint64_t segment_bytes;     /* 0: 16 MiB. 64 KiB to 64 MiB, 1/4 to 1/16,384 of the above. One
                                 * explanation must fit: a longer one is LLMLEARN_EINVAL */
    uint32_t batch_interval_ms; /* 0: 100. Longest a record waits unstored when all is well */
    uint32_t batch_rows_max;    /* 0: 10,000. Rows in one transaction */
    uint32_t feedback_per_hour; /* 0: 10. Votes per user in any 60 minutes; UINT32_MAX: no limit */
    uint32_t analytics_ttl_ms;  /* 0: 300,000. How old a cached report may be */
    llmlearn_log_fn log;        /* NULL: silent */
    void *log_user;
    llmlearn_clock_fn clock; /* NULL: the system's clock */
    void *clock_user;
} llmlearn_options;

/* Zeroes the options and sets struct_size: pass sizeof(llmlearn_options). */
LLMLEARN_API void llmlearn_options_init(llmlearn_options *options, uint32_t struct_size);

/* Opens a learner, making the database if it is absent.
 *
 *   out_learner  required; the caller's to give to llmlearn_close
 *
 * Several processes, and several handles, may have one database open at once.
 * What an earlier process left in its journal is stored in the background.
 * Returns LLMLEARN_EIO (the folder is missing or read-only), LLMLEARN_EFOREIGN (the
 * file is another program's; untouched), LLMLEARN_EUNSUPPORTED (a newer schema,
 * untouched; or a network file system), LLMLEARN_ECORRUPT, LLMLEARN_EFULL (disk
 * full), LLMLEARN_ETIMEDOUT (another process held the lock for 5 s).
 * Cost: about 2 ms on an existing database. No thread is started yet. */
LLMLEARN_API llmlearn_err llmlearn_open(const llmlearn_options *options, llmlearn **out_learner);

/* Waits until everything logged by this process before the call is in the
 * database and on the disk: it then survives a power cut.
 * Returns LLMLEARN_ETIMEDOUT (what is not yet stored stays safe in the journal),
 * LLMLEARN_EIO, LLMLEARN_EFULL. */
LLMLEARN_API llmlearn_err llmlearn_flush(llmlearn *learner, uint32_t deadline_ms);

/* Flushes within the deadline, stops the threads and frees the handle, always.
 * LLMLEARN_ETIMEDOUT and other errors only report that records stayed in the
 * journal; the next open stores them. NULL is LLMLEARN_OK. It goes beyond the
 * deadline only for a disk, or an llmlearn_ask_fn of the scheduler's, that does not answer. */
LLMLEARN_API llmlearn_err llmlearn_close(llmlearn *learner, uint32_t deadline_ms);

/* Since this process opened the handle, unless said otherwise. */
typedef struct llmlearn_counters {
    uint32_t struct_size;
    uint32_t lag_ms;           /* none of ours not yet stored is older; 0: there is none */
    uint64_t logged;           /* explanations accepted */
    uint64_t full;             /* explanations refused with LLMLEARN_EFULL */
    uint64_t drained;          /* records stored by this process, any process's */
    uint64_t duplicates;       /* records that were stored already: harmless */
    uint64_t rejected;         /* records the store refused; kept in llm_rejected */
    uint64_t holes;            /* damaged or unfinished places skipped in journals */
    uint64_t foreign_segments; /* journal files of another store or format, left alone */
    uint64_t queued_bytes;     /* of ours, not yet stored */
    uint64_t journal_bytes;    /* limit for the above */
    uint64_t votes;            /* accepted by this process */
    uint64_t batches;          /* transactions committed by this process */
    uint64_t store_errors;     /* transactions rolled back and tried again */
} llmlearn_counters;

/* Fills out_counters (required; its struct_size set by the caller). Cost: about 1 us. */
LLMLEARN_API llmlearn_err llmlearn_get_counters(llmlearn *learner, llmlearn_counters *out_counters);

/* Frees a text that a function below returned. */
LLMLEARN_API void llmlearn_free(void *text);

/* ---- log and feedback -------------------------------------------------- */

/* Which numbers of an explanation are known; the others are stored as NULL. */
#define LLMLEARN_HAS_CONFIDENCE 0x01u
#define LLMLEARN_HAS_LATENCY 0x02u
#define LLMLEARN_HAS_PROMPT_TOKENS 0x04u
#define LLMLEARN_HAS_COMPLETION_TOKENS 0x08u
#define LLMLEARN_HAS_COST 0x10u
/* What kind of explanation it is. */
#define LLMLEARN_CACHED 0x100u   /* the text came out of a response cache */
#define LLMLEARN_FALLBACK 0x200u /* the model failed; a template or the baseline answered */
#define LLMLEARN_REROUTED 0x400u /* the assigned arm was switched off; the champion answered */

typedef struct llmlearn_explanation {
    uint32_t struct_size;
    uint32_t flags;              /* LLMLEARN_HAS_*, _CACHED, _FALLBACK, _REROUTED */
    const char *ticker;          /* required: a name */
    const char *signal;          /* required: 1 to 32 of [A-Za-z0-9_-], "BUY" */
    const char *text;            /* required: up to 256 KiB; may be empty */
    const char *version;         /* NULL: the baseline. Prompt version: a name */
    const char *model;           /* NULL: unknown. A name */
    const char *provider;        /* NULL: unknown. A name */
    const char *unit;            /* NULL: the explanation itself. User or account, 1 to 256 bytes */
    const char *fallback_reason; /* NULL: none. Up to 1,000 bytes; needs LLMLEARN_FALLBACK */
    const char *metadata_json;   /* NULL: none. A JSON object of up to 16 KiB */
    double confidence;           /* 0 to 1 */
    double latency_ms;           /* 0 to 1e9 */
    int64_t prompt_tokens;       /* >= 0 */
    int64_t completion_tokens;   /* >= 0 */
    int64_t cost_nanousd;        /* >= 0; 1e9 = one dollar */
    uint64_t test_id;            /* 0: no test. From llmlearn_get_variant, with arm */
    uint32_t arm;                /* < 64; 0 without test_id */
    uint32_t reserved;           /* 0 */
} llmlearn_explanation;

/* Records one explanation, good or fallback, and gives it its id at once.
 *
 * On LLMLEARN_OK it survives the death of this process; after llmlearn_flush
 * also a power cut. A version that nobody added gets a row without text.
 * metadata_json is checked to be UTF-8 here and to be an object, at most 32 brackets
 * deep, when stored; if it is not, the row is stored without it and the text goes to
 * llm_rejected. What is stored is given back as it was, equal keys too.
 * Returns LLMLEARN_EFULL (the journal has reached its limit: counted, nothing
 * claimed), LLMLEARN_EIO (the journal cannot be made).
 * Cost: about 100 ns for 1 KB; no lock, allocation or system call, except for
 * the first call in a process, which makes the journal (milliseconds). */
LLMLEARN_API llmlearn_err llmlearn_log_explanation(llmlearn *learner,
                                                   const llmlearn_explanation *explanation,
                                                   llmlearn_id *out_id);

typedef enum llmlearn_vote { LLMLEARN_NOT_HELPFUL = -1, LLMLEARN_HELPFUL = 1 } llmlearn_vote;

typedef struct llmlearn_feedback {
    uint32_t struct_size;
    int32_t vote;               /* required: llmlearn_vote */
    llmlearn_id explanation_id; /* required */
    const char *user;           /* NULL: anonymous. 1 to 256 bytes */
    const char *comment;        /* NULL: none. Up to 4,000 bytes */
    int64_t created_us;         /* 0: now. Up to 1 day in the future */
    int32_t rating;             /* 0: none. Stars, 1 to 5 */
    uint32_t deadline_ms;
} llmlearn_feedback;

/* Stores one vote, durably, before it returns.
 *
 *   out_vote_id  names an anonymous vote for withdrawing it
 *
 * One live vote per user and explanation: a newer one replaces the older,
 * which costs nothing of the user's hourly limit. Anonymous votes always add and
 * know no limit: name the user where you can.
 * Returns LLMLEARN_ENOTFOUND (no process has logged such an explanation),
 * LLMLEARN_ERATE, LLMLEARN_ETIMEDOUT, LLMLEARN_EUNKNOWN, LLMLEARN_EIO, LLMLEARN_EFULL.
 * Cost: one disk flush, about 0.2 ms, shared by all votes that wait at that moment. */
LLMLEARN_API llmlearn_err llmlearn_submit_feedback(llmlearn *learner,
                                                   const llmlearn_feedback *feedback,
                                                   llmlearn_id *out_vote_id);

/* Takes back the live vote of `user`, or the anonymous vote `vote_id`; exactly
 * one of the two is not NULL. The hourly limit is not given back.
 * Returns LLMLEARN_ENOTFOUND if there is no such live vote, and as for submitting. */
LLMLEARN_API llmlearn_err llmlearn_withdraw_feedback(llmlearn *learner,
                                                     const llmlearn_id *explanation_id,
                                                     const char *user, const llmlearn_id *vote_id,
                                                     uint32_t deadline_ms);

/* One explanation with its votes as JSON:
 *   {"id", "created_at" (RFC 3339, UTC), "created_us", "ticker", "signal", "text",
 *    "version", "model", "provider", "unit", "confidence", "latency_ms",
 *    "prompt_tokens", "completion_tokens", "cost_nanousd", "cached", "fallback",
 *    "fallback_reason", "rerouted", "test_id", "arm", "metadata",
 *    "feedback": [{"user", "helpful", "rating", "comment", "created_at"}, ...]}
 * Unknown values are null; at most 1,000 votes, newest first. out_json is required.
 * Returns LLMLEARN_ENOTFOUND, LLMLEARN_ETIMEDOUT, LLMLEARN_EIO. */
LLMLEARN_API llmlearn_err llmlearn_get_explanation(llmlearn *learner, const llmlearn_id *id,
                                                   uint32_t deadline_ms, char **out_json);

/* Which explanations to list; all zero: the 20 newest. */
typedef struct llmlearn_explanations_query {
    uint32_t struct_size;
    uint32_t limit;            /* 0: 20. Up to 100 */
    const char *signal;        /* NULL: any. As when logged */
    const char *ticker;        /* NULL: any. A name */
    const char *version;       /* NULL: any. A name */
    const char *user;          /* NULL: nobody. Whose vote is "mine", 1 to 256 bytes */
    const llmlearn_id *before; /* NULL: the newest. Else what is older than that one */
    uint32_t deadline_ms;
    uint32_t reserved; /* 0 */
} llmlearn_explanations_query;

/* Explanations by their ids, which is by time to the microsecond, the newest first, as JSON:
 *   {"schema": 1,
 *    "pending": records of this process that are not yet stored, hence not yet listed,
 *    "explanations": [{
 *      as llmlearn_get_explanation without "feedback",
 *      "positive", "negative": live votes,
 *      "mine": {"helpful", "rating", "comment", "created_at"}, the user's own; null: none}],
 *    "next": the id to give as `before` for the page behind this one; null: there is none}
 * No other user's name or comment is in it; "unit" is, and may name one.
 *
 * What this process has logged is stored first, within three quarters of the deadline.
 * With a filter a call looks at the next 20,000 explanations at the most: of something rare a
 * page may be short, or empty, while "next" still leads on.
 *
 *   query     required
 *   out_json  required
 *
 * Returns LLMLEARN_ETIMEDOUT, LLMLEARN_EIO.
 * Cost: about 3 us for each explanation, and 0.2 us for each vote on it; with a filter up to
 * 10 ms more. The same however many rows there are. */
LLMLEARN_API llmlearn_err llmlearn_explanations(llmlearn *learner,
                                                const llmlearn_explanations_query *query,
                                                char **out_json);

/* ---- prompts and variants ---------------------------------------------- */

typedef struct llmlearn_variant {
    uint32_t struct_size;
    uint32_t deadline_ms;
    const char *signal;  /* required: 1 to 32 of [A-Za-z0-9_-] */
    const char *version; /* required: a name, unique for the signal */
    const char *text;    /* required: the prompt template, 1 byte to 64 KiB */
    const char *parent;  /* NULL: none. The known version it was made from */
} llmlearn_variant;

/* Adds a prompt variant as a draft. Adding the same text again changes nothing;
 * a version that was only seen in logs so far gets this text.
 * Returns LLMLEARN_EEXIST (the version has another text), LLMLEARN_ENOTFOUND (parent),
 * and the storing errors: LLMLEARN_ETIMEDOUT, LLMLEARN_EUNKNOWN, LLMLEARN_EIO, LLMLEARN_EFULL. */
LLMLEARN_API llmlearn_err llmlearn_add_variant(llmlearn *learner, const llmlearn_variant *variant);

/* Takes a variant out of use. LLMLEARN_ESTATE if it is the champion or an arm of a
 * running test; LLMLEARN_ENOTFOUND; the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_archive_variant(llmlearn *learner, const char *signal,
                                                   const char *version, const char *actor,
                                                   const char *reason, uint32_t deadline_ms);

/* What to serve now. Texts stay valid until llmlearn_close. */
typedef struct llmlearn_assignment {
    uint32_t struct_size;
    uint32_t arm;        /* index in the test; 0 without test_id */
    const char *version; /* never NULL */
    const char *text;    /* NULL if no text was added for this version */
    uint64_t test_id;    /* 0: no running test for the signal */
    uint32_t flags;      /* LLMLEARN_REROUTED: the arm is off, this is the champion's prompt */
    uint32_t reserved;
} llmlearn_assignment;

/* Chooses the variant for a request: the arm of the running test that `unit`
 * falls into (always the same for one unit and test; NULL: drawn at random),
 * else the champion, else the baseline version. Pass test_id, arm and a
 * LLMLEARN_REROUTED flag on to llmlearn_log_explanation.
 *
 *   unit            NULL, or 1 to 256 bytes: what the test randomises
 *   out_assignment  required; its struct_size set by the caller
 *
 * Changes by other processes are seen within a second.
 * Cost: about 30 ns; no lock, allocation, system call or I/O, except for the
 * first call in a process. */
LLMLEARN_API llmlearn_err llmlearn_get_variant(llmlearn *learner, const char *signal,
                                               const char *unit,
                                               llmlearn_assignment *out_assignment);

/* ---- tests ------------------------------------------------------------- */

#define LLMLEARN_ARMS_MAX 64

/* How a test is decided. All rules count the first vote of every unit, and whatever decides, the
 * receipt carries the evidence of the others. */
typedef enum llmlearn_rule {
    /* Chi-square p < alpha and Cramer's V > effect_min, looked at once. */
    LLMLEARN_RULE_CLASSIC = 1,
    /* Each variant against the champion at alpha / (arms - 1), two-sided, with O'Brien-Fleming
     * spending (llmlearn_stats_look_bounds): one look a week at the most, and at most 64. It sees
     * the votes until the end of the last whole week, so that weekends and working days are in it
     * as they are in life; on the last day, all votes. If duration_min_days is below 7, days take
     * the place of weeks. Ends with a winner, when the planned first votes are in, or on the last
     * day. The best power: for a weekly job. */
    LLMLEARN_RULE_GROUP_SEQUENTIAL = 2,
    /* The e-process of each variant against the champion (llmlearn_eprocess_begin) as it was at the
     * end of the latest whole week; may be looked at by anybody at any time. */
    LLMLEARN_RULE_ALWAYS_VALID = 3
} llmlearn_rule;

typedef struct llmlearn_arm {
    const char *version; /* required: a version with text, each once */
    double weight;       /* > 0; all weights sum to 1 within 1e-6 */
} llmlearn_arm;

#define LLMLEARN_AB_NO_MINIMUM_DURATION 0x01u /* decide as soon as trials_min is reached */
#define LLMLEARN_AB_KEEP_PREVIOUS 0x02u /* the champion before may be an arm, though archived */

typedef struct llmlearn_ab_test {
    uint32_t struct_size;
    uint32_t flags;           /* LLMLEARN_AB_* */
    const char *signal;       /* required */
    const llmlearn_arm *arms; /* required: 2 to LLMLEARN_ARMS_MAX, the champion among them */
    uint32_t arm_count;
    int32_t rule;             /* 0: LLMLEARN_RULE_CLASSIC */
    double duration_min_days; /* 0: 7. Up to 365 */
    double duration_max_days; /* 0: 56. At least the minimum, up to 3,650 */
    uint64_t trials_min;      /* 0: 100. First votes that each arm needs */
    double alpha_ratio;       /* 0: 0.05. 1e-6 to 0.5 */
    double effect_min;        /* 0: 0.1. Cramer's V that must be exceeded; up to 1 */
    const char *actor;        /* NULL: "api". Who started it, up to 256 bytes */
    uint32_t deadline_ms;
    uint32_t reserved; /* 0 */
    double lift_min;   /* 0: 0.05. The smallest lift worth finding, 0.001 to 0.5: plans how
                        * many first votes are needed, and so how long it takes */
} llmlearn_ab_test;

/* Starts a test of prompt variants for one signal. Arms and weights never
 * change afterwards. The champion of the signal (else the baseline version)
 * must be one of the arms. With LLMLEARN_AB_KEEP_PREVIOUS the champion before it may be
 * another: if that one wins and is promoted, it is recorded as a rollback by the test.
 * What is planned, from the signal's last 28 days, is the receipt of the "start" decision:
 * whether the test can finish at this traffic, and what lift the classic rule can find.
 * Returns LLMLEARN_EEXIST (a test is running for the signal), LLMLEARN_ENOTFOUND (an arm
 * was never added), LLMLEARN_ENOCHAMPION, LLMLEARN_ESTATE (an arm is archived or
 * rejected), and the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_start_ab_test(llmlearn *learner, const llmlearn_ab_test *test,
                                                 uint64_t *out_test_id);

/* Ends a running test without a verdict; the champion serves everybody.
 *   actor   required, up to 256 bytes;  reason  required, up to 1,000 bytes
 * Returns LLMLEARN_ENOTFOUND, LLMLEARN_ESTATE (not running), and the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_stop_ab_test(llmlearn *learner, uint64_t test_id,
                                                const char *actor, const char *reason,
                                                uint32_t deadline_ms);

typedef enum llmlearn_verdict {
    LLMLEARN_KEEP_GOING = 1,    /* not yet: nothing was decided */
    LLMLEARN_WINNER = 2,        /* final; see winner */
    LLMLEARN_NO_DIFFERENCE = 3, /* final; the champion stays */
    LLMLEARN_INVALID = 4        /* final; the data cannot be trusted */
} llmlearn_verdict;

#define LLMLEARN_PROMOTE 0x01u /* make the winner champion if it is promotable */

typedef struct llmlearn_decision {
    uint32_t struct_size;
    int32_t verdict;        /* llmlearn_verdict */
    const char *winner;     /* version with the verdict LLMLEARN_WINNER, else NULL; until close */
    const char *status;     /* "winner", "running", "tie", ...: the rule's own word; until close */
    char *receipt_json;     /* evidence, as in llmlearn_decisions; for llmlearn_free */
    uint64_t decision_id;   /* 0 with LLMLEARN_KEEP_GOING */
    double p_value;         /* 0 to 1; 1 where nothing was computed */
    double effect;          /* Cramer's V, 0 to 1; 0 where nothing was computed */
    uint32_t promotable;    /* 1: the winner may be promoted without a person */
    uint32_t promoted;      /* 1: it is the champion now, by this test */
    double ln_e_value;      /* of the winner, else the highest of any variant; 0: none */
    double days_left;       /* with LLMLEARN_KEEP_GOING: until it has what it needs; -1: unknown */
    uint32_t cannot_finish; /* 1: not before duration_max_days, at the traffic of the last days */
    uint32_t looks;         /* with this one; of always_valid the whole weeks that are over */
} llmlearn_decision;

/* Looks at the running or last decided test of a signal and decides it by its rule.
 *
 * Only this call looks; reports never do. The classic rule looks once: the first look after
 * the minimum duration and with trials_min first votes in every arm is final, stored with its
 * evidence, and returned again by every later call. A sequential rule may look again and
 * again after the minimum duration; the look that ends the test is final in the same way. A test
 * that has a final verdict has ended: the champion serves everybody. Only each unit's first
 * vote counts.
 *
 *   status                                                verdict
 *   running, insufficient_sample, insufficient_variants   keep going; classic, at the end of
 *                                                         duration_max: no difference
 *   between_looks (this week had its look), not_yet        keep going
 *   winner                                                winner
 *   no_difference, not_significant, effect_too_small,
 *   tie                                                   no difference: classic
 *   planned_votes_reached, time_is_up                     no difference: sequential rules
 *   switched_off (the breaker has left no variant)        no difference, under every rule
 *   srm, differential_response                            invalid, under every rule
 *
 * Before it decides, everything that any process has logged is stored, within the
 * deadline. Any look ends a test as LLMLEARN_INVALID whose split was broken (an e-value of
 * 1,000 against the weights, over units) or whose arms' users do not answer alike (100, over
 * first votes, and over 10 % apart).
 *
 *   flags         0 or LLMLEARN_PROMOTE. Promoting needs more than winning: the winner is not
 *                 the champion and beats it (by the sequential rule, or with a Holm-adjusted p <
 *                 alpha), nothing blocks and no guardrail fails (see "blockers" in the receipt:
 *                 latency or cost over 20 % higher, failures over 1 point, rating over 0.1 star)
 *   out_decision  required; its struct_size set by the caller
 *
 * Returns LLMLEARN_ENOTFOUND (the signal never had a test), LLMLEARN_ESTATE (its last
 * test was stopped by hand), and the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_select_winner(llmlearn *learner, const char *signal,
                                                 uint32_t flags, uint32_t deadline_ms,
                                                 llmlearn_decision *out_decision);

/* Makes a variant the champion by hand. The old champion is archived, a running
 * test of the signal is stopped and its other arms are archived. Recorded with
 * actor (required) and reason (required); and where that goes against a test, running or
 * decided, with what it said and what blocked.
 * Returns LLMLEARN_ENOTFOUND, LLMLEARN_ESTATE (the variant has no text, or was
 * rejected), and the storing errors. Promoting the champion changes nothing. */
LLMLEARN_API llmlearn_err llmlearn_promote_variant(llmlearn *learner, const char *signal,
                                                   const char *version, const char *actor,
                                                   const char *reason, uint32_t deadline_ms);

/* Makes the champion before the present one champion again; stops a running test.
 * Returns LLMLEARN_ENOCHAMPION if there was none before, and the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_rollback(llmlearn *learner, const char *signal,
                                            const char *actor, const char *reason,
                                            uint32_t deadline_ms);

/* Tells of a failure of which no explanation is logged: the model did not answer, the answer was
 * of no use. An exposure of the arm that failed.
 *
 *   test_id, arm  from llmlearn_get_variant
 *   unit          as given there; NULL: none
 *
 * An arm is switched off by the breaker as soon as, of its last 50 exposures, 20 more have failed
 * than of the champion's last 50, in at least 5 units, while the champion fails at most 25 % of
 * the time; logged rows with LLMLEARN_FALLBACK are failures, too. Its range is then served the
 * champion's prompt (LLMLEARN_REROUTED), in every process within a second, until the test ends.
 * Returns LLMLEARN_ENOTFOUND (no such test or arm), LLMLEARN_ESTATE (not running), LLMLEARN_EINVAL
 * (the unit belongs to another arm), and the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_report_failure(llmlearn *learner, uint64_t test_id, uint32_t arm,
                                                  const char *unit, uint32_t deadline_ms);

/* Decides again from what a verdict's receipt was made of.
 *
 *   {"schema": 1, "decision_id", "same": true if verdict and evidence are equal to the last bit,
 *    "same_verdict", "stored_version", "library_version", "stored": receipt, "replayed": receipt}
 *
 * The same build gives the same bits; another one the same verdict.
 * Returns LLMLEARN_ENOTFOUND (no such decision), LLMLEARN_ESTATE (not a verdict, or one made
 * by a version that kept less), LLMLEARN_EUNSUPPORTED (a newer one), LLMLEARN_ECORRUPT,
 * LLMLEARN_ETIMEDOUT, LLMLEARN_EIO. */
LLMLEARN_API llmlearn_err llmlearn_replay_decision(llmlearn *learner, uint64_t decision_id,
                                                   uint32_t deadline_ms, char **out_json);

/* How often does each rule crown a winner on this test's own traffic when all arms are alike?
 *
 * Every unit's arm is drawn again with the test's weights, its time, vote and place in
 * the order are kept, and each rule looks as it would have: weekly, or once. The seed is the
 * test's, so the answer is always the same.
 *
 *   runs      0: 1,000. At most 10,000; fewer are made if the deadline comes first
 *   out_json  required
 *   {"schema": 1, "test_id", "signal", "units", "first_votes", "runs", "complete",
 *    "rules": [{"rule", "false_winners", "false_winner_rate", "interval": [low, high], 95 %, Wilson
 *      "promoted", "promoted_rate", "promoted_interval", "alpha"}]}
 *
 * Returns LLMLEARN_ENOTFOUND, LLMLEARN_ESTATE (no votes yet, or over 100,000 units that voted),
 * LLMLEARN_ETIMEDOUT (not one run). Cost: about 10 ms a run for 100,000 units. */
LLMLEARN_API llmlearn_err llmlearn_self_check(llmlearn *learner, uint64_t test_id, uint32_t runs,
                                              uint32_t deadline_ms, char **out_json);

/* ---- the model --------------------------------------------------------- */

/* Gives a secret when it is needed: writes it to out with a NUL and returns its length; 0: it
 * cannot be had, and what needed it fails. What was given is wiped after its use. Called from the
 * caller's threads and the scheduler's; must not call the library, nor throw. */
typedef size_t (*llmlearn_secret_fn)(void *user, char *out, size_t out_bytes);

/* A question to the caller's own client. Texts are valid until the function returns. In this struct
 * and the next struct_size is the library's: what lies behind it is not there. */
typedef struct llmlearn_question {
    uint32_t struct_size;
    uint32_t deadline_ms;    /* that are left */
    const char *model;       /* as in llmlearn_model */
    const char *system;      /* NULL: none */
    const char *prompt;      /* what the user says */
    const char *data;        /* NULL: none. A second message: data that is not to be obeyed */
    const char *json_schema; /* NULL: any text will do */
    uint32_t max_tokens;
    uint32_t reserved;
} llmlearn_question;

/* Its answer. The library frees text and model_answered by free(): give it malloc'ed ones. */
typedef struct llmlearn_answer {
    uint32_t struct_size;
    uint32_t flags;       /* LLMLEARN_HAS_PROMPT_TOKENS, _COMPLETION_TOKENS, _COST: known */
    char *text;           /* required */
    char *model_answered; /* NULL: the one asked */
    int64_t prompt_tokens, completion_tokens, cost_nanousd;
} llmlearn_answer;

/* The caller's own client, in place of the library's. Any error but LLMLEARN_OK is a failure of the
 * model. Called from the threads that call llmlearn_explain and the like, and the scheduler's; it
 * may call the library, and must not throw. It keeps to the deadline itself. */
typedef llmlearn_err (*llmlearn_ask_fn)(void *user, const llmlearn_question *question,
                                        llmlearn_answer *out_answer);

/* What a model is for. */
#define LLMLEARN_FOR_EXPLAINING 0x1u
#define LLMLEARN_FOR_GENERATING 0x2u /* variants, and their replay */
#define LLMLEARN_FOR_MODERATING 0x4u /* candidates, by the endpoint's /moderations */

#define LLMLEARN_MODEL_PRIVATE_ADDRESSES 0x1u /* base_url may lead into a private network */
#define LLMLEARN_MODEL_TEMPERATURE 0x2u       /* `temperature` is sent, also if it is 0 */

/* An endpoint that speaks as OpenAI's /chat/completions does, or the caller's own client. */
typedef struct llmlearn_model {
    uint32_t struct_size;
    uint32_t flags;              /* LLMLEARN_MODEL_* */
    const char *model;           /* required: a name. None is built in */
    const char *base_url;        /* "https://host/v1"; http only to this machine. NULL with ask */
    const char *provider;        /* NULL: the host of base_url, or "own". A name */
    const char *api_key;         /* NULL: none, or read_key. Up to 4,096 bytes */
    llmlearn_secret_fn read_key; /* NULL: none. Asked before each call */
    void *read_key_user;
    llmlearn_ask_fn ask; /* NULL: the library's client */
    void *ask_user;
    const char *organization;     /* NULL: none */
    const char *project;          /* NULL: none */
    const char *const *headers;   /* "Name: value" */
    uint32_t header_count;        /* up to 16 */
    uint32_t max_tokens;          /* 0: 1,024; 16,384 for generating. Of an answer */
    const char *max_tokens_field; /* NULL: "max_completion_tokens" */
    const char *ca_file;          /* NULL: the system's certificates. PEM */
    const char *price_file;       /* NULL: costs are unknown. LiteLLM's JSON, read now */
    double temperature;           /* 0 to 2 */
    uint32_t retries_max;         /* 0: 2; UINT32_MAX: none */
    uint32_t reserved;
} llmlearn_model;

/* Says which model is asked, for one or more uses; replaces what was said before, for calls that
 * begin from now on. Of this process, kept in no file: say it after each open. What was replaced
 * is freed at close, since calls may still go on with it: a key that changes often is for read_key.
 *
 *   uses   LLMLEARN_FOR_*, at least one
 *   model  NULL: none any more
 *
 * Returns LLMLEARN_EIO (price_file cannot be read), LLMLEARN_EINVAL (it is no price list; a URL
 * or header that must not be sent: says why), LLMLEARN_EUNSUPPORTED (base_url, and no libcurl is
 * installed). Cost: reading the price list, some 10 ms. */
LLMLEARN_API llmlearn_err llmlearn_set_model(llmlearn *learner, uint32_t uses,
                                             const llmlearn_model *model);

/* ---- explain ----------------------------------------------------------- */

/* A name of a prompt's {{name}}, and what stands in its place. */
typedef struct llmlearn_value {
    const char *name; /* letters, digits and _, up to 64; no digit first */
    const char *text; /* up to 64 KiB */
} llmlearn_value;

#define LLMLEARN_EXPLAIN_JSON 0x1000u     /* the answer must be a JSON object */
#define LLMLEARN_EXPLAIN_UNCACHED 0x2000u /* always ask */

typedef struct llmlearn_explain_request {
    uint32_t struct_size;
    uint32_t flags;               /* LLMLEARN_EXPLAIN_*, LLMLEARN_HAS_CONFIDENCE */
    const char *ticker;           /* required: a name; {{ticker}} */
    const char *signal;           /* required: as for logging; {{signal}} */
    const char *unit;             /* NULL: the explanation itself. User or account */
    const llmlearn_value *values; /* of the other {{names}} */
    uint32_t value_count;         /* up to 64 */
    uint32_t field_count;         /* up to 32 */
    const char *const *fields;    /* the JSON object must have these; implies _JSON */
    double confidence;            /* 0 to 1; {{confidence}} as "0.87" */
    const char *metadata_json;    /* NULL: none. Logged with it */
    const char *fallback;         /* NULL: a built-in one. Template, if no model answers */
    const char *system;           /* NULL: none. Said before the prompt, not varied */
    uint32_t deadline_ms;         /* 0: 10,000 */
    uint32_t reserved;
    const int32_t *cancel; /* NULL. Another thread sets it, atomically, to stop */
    const char *version;   /* NULL: as the test has it. Else this one, outside of any test */
} llmlearn_explain_request;

#define LLMLEARN_UNLOGGED 0x4000u /* the journal was full or out of reach: id is all zero */

/* Where the text comes from. */
typedef enum llmlearn_source {
    LLMLEARN_FROM_MODEL = 1,
    LLMLEARN_FROM_CACHE = 2,
    LLMLEARN_FROM_BASELINE = 3, /* the variant failed; the champion's prompt was answered, or if
                                 * it is the champion that failed, the baseline's */
    LLMLEARN_FROM_TEMPLATE = 4  /* no model answered */
} llmlearn_source;

typedef struct llmlearn_explained {
    uint32_t struct_size;
    int32_t source;      /* llmlearn_source */
    llmlearn_id id;      /* of the logged explanation: ask for votes on it */
    char *text;          /* for llmlearn_free */
    const char *version; /* that was chosen; valid until close */
    const char *reason;  /* why it is not the variant's: "timeout", ...; "" if it is. Static */
    uint64_t test_id;    /* 0: no test */
    uint32_t arm;
    uint32_t flags;    /* LLMLEARN_HAS_*: which of those below are known; _CACHED,
                        * _FALLBACK, _REROUTED, _UNLOGGED */
    double latency_ms; /* of the whole call */
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* of all answers that it took */
} llmlearn_explained;

/* Explains a signal: chooses the variant, fills in its prompt, asks the model, checks the answer,
 * logs what happened.
 *
 *   variant ─▶ prompt ─▶ cache ─▶ model ─▶ check ─▶ log ─▶ out
 *                                   │ fails  │
 *                                   └────────┴─▶ baseline ─▶ template
 *
 * There is always a text. Reasons why it is not the variant's are "no_model", "no_text" (the
 * version has no prompt), "prompt" (a {{name}} without a value), "model" (its service refused or
 * failed), "timeout", "refused", "filtered", "empty", "truncated", "too_long" (over 256 KiB),
 * "not_utf8", "control_characters", "invisible_characters", "not_json", "json_fields" (one is
 * missing or empty), "contradicts_signal" (a BUY that plainly advises to sell; English and German).
 * A failed variant counts as a fallback of its arm. During a test nothing comes out of
 * the cache, whose answers live 10 minutes and are given to the same prompt, `system` and model.
 * Half of the deadline is for the variant if there is another prompt to ask after it: the
 * champion's, or the baseline's if the champion failed.
 *
 * A `version` that is given is read from the store: to see what a draft would say before anybody
 * approves it, or to show both of two prompts. It is logged with it, and counts in no test.
 * LLMLEARN_ENOTFOUND, LLMLEARN_ESTATE (it was rejected), the storing errors.
 *
 *   out_explained  required; its struct_size set by the caller
 *
 * Returns LLMLEARN_ECANCELLED; nothing is logged then. That a text cannot be logged does not keep
 * it from its reader: LLMLEARN_UNLOGGED in its flags. A template before which nobody was asked is
 * logged without a latency.
 * Cost: the model's. */
LLMLEARN_API llmlearn_err llmlearn_explain(llmlearn *learner,
                                           const llmlearn_explain_request *request,
                                           llmlearn_explained *out_explained);

/* ---- generate ---------------------------------------------------------- */

/* What may be spent on generating, replaying and moderating, by every process on this database
 * together. Before a call what it can cost at the most is set aside; after it, what it did cost
 * is booked, or all of that if the service does not say. A call that the service refused (a status
 * 4xx but 408) or that never reached it costs nothing; a try that was lost on the way counts with
 * the most that it can cost, beside the one that was answered. A model without a known price
 * (llmlearn_model.price_file) can be asked only where neither limit is set. */
typedef struct llmlearn_budget {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t run_nanousd;   /* 0: 1 dollar (1e9); -1: no limit. One generation of one signal */
    int64_t month_nanousd; /* 0: 10 dollars; -1: no limit. A calendar month, UTC */
} llmlearn_budget;

/* Of this process; the defaults hold until it is called. */
LLMLEARN_API llmlearn_err llmlearn_set_budget(llmlearn *learner, const llmlearn_budget *budget);

#define LLMLEARN_GENERATE_MODERATE 0x1u /* candidates are shown to /moderations, too */

typedef struct llmlearn_generation {
    uint32_t struct_size;
    uint32_t flags;            /* LLMLEARN_GENERATE_* */
    const char *signal;        /* required */
    const char *version;       /* NULL: the champion, else the baseline. Its text is varied */
    const char *const *fields; /* the prompt must ask for a JSON object with these */
    uint32_t field_count;      /* up to 32 */
    uint32_t count;            /* 0: 3. Variants, up to 10 */
    uint32_t replays;          /* 0: none. Logged inputs that each must answer well, up to 20;
                                * their values are read from their metadata */
    uint32_t deadline_ms;      /* 0: 120,000 */
    const int32_t *cancel;     /* NULL. Another thread sets it, atomically, to stop */
} llmlearn_generation;

/* Asks the model for variants of a prompt, showing it what was learned about that prompt: how often
 * it was found helpful, its weak sides, examples, and the most useful comments as data that is
 * not to be obeyed. Every candidate passes the guardrails and becomes a draft, or is kept as
 * rejected with its reason, "name: what was found":
 *
 *   shape       empty, too_short, too_long (16 KiB), too_many_lines (200), too_many_tokens (2,000),
 *               placeholders (not those of the base, each as often), json_fields, language,
 *               near_copy (of a known variant), unrelated (to the base)
 *   characters  not_utf8, control_characters, invisible_characters, unassigned_characters,
 *               foreign_characters, mixed_scripts, split_words
 *   content     url, email, html, secret, encoded, override_phrase, role_marker, exfiltration,
 *               tool_use, fixed_verdict, profit_promise, toxic, one_sided (risks left out, a
 *               verdict known beforehand, data set aside), steering (towards a party, a hurry, a
 *               deed), unfamiliar (words that explaining takes none of; English prompts only)
 *   tried out   moderation, replay
 *
 * They are fences, not a wall: no filter finds every trick. Measured: of 30 attacks in plain words
 * written before the guardrails for meaning, 26 were refused, of 133 honest prompts 2; of 20
 * written by somebody who had read them, none. The wall is that a draft serves nobody before a
 * person has approved it (llmlearn_schedule), and then only in a test.
 *
 *   out_json  {"run", "parent", "model", "prompt_tokens", "completion_tokens", "cost_nanousd"
 *             (null: unknown), "variants": [{"version", "status": "draft" | "rejected", "reason",
 *             "text", "hypothesis"}]}
 *
 * Version names are g1.1, g1.2, ...: the number of the generation and the place in it, behind any
 * that a person has named so. Returns
 * LLMLEARN_EBUDGET (nothing was called), LLMLEARN_ELLM (the answer cannot be used; what it cost is
 * booked), LLMLEARN_ENOTFOUND (signal or version), LLMLEARN_ESTATE (no model is set, the version
 * has no text, no logged explanation can be replayed), LLMLEARN_ECANCELLED, the storing errors.
 * After its deadline it asks for nothing more, but may take up to 5 s twice to book what was paid
 * and to keep what that brought. */
LLMLEARN_API llmlearn_err llmlearn_generate_variants(llmlearn *learner,
                                                     const llmlearn_generation *generation,
                                                     char **out_json);

/* A person has read a draft that a model wrote, and allows it to be tested. LLMLEARN_ENOTFOUND;
 * LLMLEARN_ESTATE if it is no draft of a model; the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_approve_variant(llmlearn *learner, const char *signal,
                                                   const char *version, const char *actor,
                                                   const char *reason, uint32_t deadline_ms);

/* The variants of a signal (NULL: of all), newest first, as JSON: {"variants": [{"signal",
 * "version", "status", "parent", "text", "created_at", "model", "generation", "prompt_tokens",
 * "completion_tokens", "cost_nanousd", "reason", "hypothesis": what the model expects of it,
 * "approved_by", "approved_at"}]}. limit 0: 100; up to 1,000. */
LLMLEARN_API llmlearn_err llmlearn_variants(llmlearn *learner, const char *signal, uint32_t limit,
                                            uint32_t deadline_ms, char **out_json);

/* ---- schedule and alerts ----------------------------------------------- */

#define LLMLEARN_SCHEDULE_UNAPPROVED 0x1u    /* tests drafts that no person approved; see below */
#define LLMLEARN_SCHEDULE_KEEP_PREVIOUS 0x2u /* the champion before is an arm again */
#define LLMLEARN_SCHEDULE_ONLY_DECIDE 0x4u   /* neither generates nor starts tests */

/* The weekly job. For each signal:
 *
 *   look at its test ─▶ keep going: nothing else happens
 *                    ─▶ invalid: nothing happens until a person has promoted a variant, rolled
 *                       back, or started a test
 *                    ─▶ decided, or there is none: promote or keep ─▶ generate ─▶ wait for
 *                       approval, unless _UNAPPROVED ─▶ start the next test: the champion and the
 *                       new variants with equal shares
 *
 * New are drafts that a model wrote from the present champion and that were never an arm; a person
 * has approved them, or need not. No model is asked while there are some that can be tested, or as
 * many as it would be asked for that nobody has read yet. A model that fails, or a budget that is
 * used up, leaves the signal with what there is. A signal without a champion gets its baseline
 * version as the first one if that has a text; else it is left alone.
 *
 * _UNAPPROVED takes the wall away: what passes the guardrails reaches readers in a test. Of 1,149
 * attacks that a hijacked model answered in our tests, 33 pass. Use it only where somebody reads
 * the "test_started" alerts, which name the new prompts, or where the model sees no strangers'
 * comments.
 *
 * Each step is recorded with it, so that a crash or another process goes on where it ended; what
 * somebody is to be told is recorded in the same transaction. Alerts, and how often:
 *
 *   once for each test   "test_started", "winner_promoted", "auto_revert" (the champion before
 *                        won), "cannot_finish", "guardrail_tripped" (for each arm and guardrail)
 *   each week, as long   "test_invalid", "approval_needed", "low_feedback", "job_failed" (for each
 *   as it is so          signal), "model_retires" (from 60 days before, if its service says when)
 *   each month           "budget_reached" */
typedef struct llmlearn_schedule {
    uint32_t struct_size;
    uint32_t flags;             /* LLMLEARN_SCHEDULE_* */
    const char *cron;           /* NULL: "0 2 * * 1". Minute, hour, day, month, weekday; UTC */
    const char *const *signals; /* NULL: all that have a champion or ever had a test */
    uint32_t signal_count;
    int32_t rule;               /* 0: LLMLEARN_RULE_GROUP_SEQUENTIAL */
    uint32_t duration_min_days; /* of the tests, as in llmlearn_ab_test */
    uint32_t duration_max_days;
    double lift_min;
    const char *const *fields; /* as in llmlearn_generation */
    uint32_t field_count;
    uint32_t variants;        /* 0: 3 */
    uint32_t replays;         /* as in llmlearn_generation */
    uint32_t generate_flags;  /* LLMLEARN_GENERATE_* */
    double response_rate_min; /* 0: no alert. Of the last 7 days' explanations, with a vote */
} llmlearn_schedule;

/* Of this process; NULL: none any more. The cron line is kept in the database: the latest one
 * holds, for every process. LLMLEARN_EINVAL says which field of it is wrong; the storing errors.
 * Say it, as the model and the budget, after each open. */
LLMLEARN_API llmlearn_err llmlearn_set_schedule(llmlearn *learner,
                                                const llmlearn_schedule *schedule,
                                                uint32_t deadline_ms);

/* Runs what is due, if no other process does, and sends the alerts that wait. One that was missed,
 * however often, is run once.
 *
 *   deadline_ms  0: 300,000. A model is asked only while 5 s or more are left
 *   out_runs     how many jobs ran to their end: 0 also if another process is running it
 *
 * LLMLEARN_ESTATE without a schedule; LLMLEARN_ETIMEDOUT: what is left is done by a later call;
 * LLMLEARN_ECANCELLED: so is it, llmlearn_stop_scheduler ended this one; the storing errors. What
 * fails for one signal is alerted and does not stop the others. That an alert cannot be sent is no
 * error: it is tried again for a week. */
LLMLEARN_API llmlearn_err llmlearn_run_due_jobs(llmlearn *learner, uint32_t deadline_ms,
                                                uint32_t *out_runs);

/* A thread that runs what is due when it is due, and sends alerts within half a minute, also
 * without a schedule. It ends with llmlearn_stop_scheduler or llmlearn_close; a child of a fork has
 * none until it starts one. Starting one that runs changes nothing. LLMLEARN_ESTATE: it is just
 * being stopped; the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_start_scheduler(llmlearn *learner);

/* What it is doing ends early, to be gone on with later, and so does what llmlearn_run_due_jobs is
 * doing for other threads. LLMLEARN_ETIMEDOUT: it has not ended yet, but begins nothing more; an
 * llmlearn_ask_fn of the caller's is waited for. */
LLMLEARN_API llmlearn_err llmlearn_stop_scheduler(llmlearn *learner, uint32_t deadline_ms);

#define LLMLEARN_MAIL_PLAIN_LOOPBACK 0x1u    /* a server on this machine needs no TLS */
#define LLMLEARN_MAIL_PRIVATE_ADDRESSES 0x2u /* the server may be in a private network */

typedef struct llmlearn_mail {
    uint32_t struct_size;
    uint32_t flags;        /* LLMLEARN_MAIL_* */
    const char *server;    /* required: "smtps://host", or "smtp://host:587": STARTTLS */
    const char *from;      /* required: "ann@example.com" */
    const char *const *to; /* required */
    uint32_t to_count;     /* 1 to 16 */
    uint32_t reserved;
    const char *user;     /* NULL: no login */
    const char *password; /* NULL: none, or read_password */
    llmlearn_secret_fn read_password;
    void *read_password_user;
    const char *ca_file; /* NULL: the system's certificates */
} llmlearn_mail;

/* Where alerts go; NULL: nowhere by mail. Of this process: those that run jobs or the scheduler
 * need it. Each alert is sent at least once, by one of them; should it come twice, Message-ID is
 * the same. Who sets it for the first time gets the alerts of the last week.
 * LLMLEARN_EUNSUPPORTED: libcurl is not there. */
LLMLEARN_API llmlearn_err llmlearn_set_mail(llmlearn *learner, const llmlearn_mail *mail);

typedef struct llmlearn_webhook {
    uint32_t struct_size;
    uint32_t flags;     /* LLMLEARN_MODEL_PRIVATE_ADDRESSES */
    const char *url;    /* required */
    const char *secret; /* required: 16 to 256 bytes, the key of X-Llmlearn-Signature */
    const char *ca_file;
} llmlearn_webhook;

/* The same as JSON by POST: {"id", "at", "rule", "about", "subject", "text", "details": {...}}.
 *
 *   X-Llmlearn-Delivery   the same each time it is sent again
 *   X-Llmlearn-Timestamp  seconds since 1970
 *   X-Llmlearn-Signature  "v1=" and, in hexadecimal, the HMAC-SHA-256 under the secret of the
 *                         timestamp, a '.' and the body. Compare it in constant time, and refuse
 *                         timestamps that are over 5 minutes off
 *
 * Any 2xx means that it was taken; another 4xx than 408, 425, 429 that it never will be. */
LLMLEARN_API llmlearn_err llmlearn_set_webhook(llmlearn *learner, const llmlearn_webhook *webhook);

/* ---- reports ----------------------------------------------------------- */

#define LLMLEARN_REFRESH 0x01u   /* do not answer from the cache */
#define LLMLEARN_IF_CACHED 0x02u /* from the cache or not at all, at once */

/* What people think of the explanations, as JSON with a stable order of keys.
 *
 *   days      1 to 90; 0: 30. The window: today (UTC) and the days before it
 *   flags     0, LLMLEARN_REFRESH or LLMLEARN_IF_CACHED
 *   out_json  required
 *
 * Explanations count on the day they were made, votes on the day they were given.
 * Rates are 0..1 and null where nothing was counted; intervals are Wilson, 95 %.
 *   {"schema": 1, "as_of": time of the numbers, "age_ms": how old they are,
 *    "pending": records known to be not yet counted,
 *    "window": {"days", "from", "to"},             first and last day, YYYY-MM-DD
 *    "total_explanations", "total_feedback", "positive", "negative",
 *    "rated_explanations",                         of those made in the window, with >= 1 live vote
 *    "response_rate",                              rated_explanations / total_explanations
 *    "positive_rate", "positive_rate_interval": [low, high],
 *    "rating_count", "average_rating", "rating_histogram": [1 star, ..., 5 stars],
 *    "cached_rate", "fallback_rate",
 *    "prompt_tokens", "completion_tokens", "cost_nanousd", "cost_known": rows with a cost,
 *    "latency_ms": {"p50", "p95", "p99"},
 *    "previous": {"from", "to", + group, "rated_explanations", "response_rate"},
 *                                                  as many days before the window
 *    "by_signal": [{"signal", + group}],           by name
 *    "by_ticker": [{"ticker", + group}],           the 10 with most votes, then most explanations
 *    "by_variant": [{"signal", "version", "status", + group, "latency_ms"}],
 *    "series": [{"day", + group}]}                 every day of the window, oldest first
 * where group = "explanations", "feedback", "positive", "positive_rate",
 * "positive_rate_interval", "rating_count", "average_rating", and (not for tickers)
 * "cached_rate", "fallback_rate", "prompt_tokens", "completion_tokens", "cost_nanousd",
 * "cost_known". Latency percentiles are within 1 %.
 *
 * Cached for analytics_ttl_ms; a miss first stores what is waiting in the journal,
 * within the deadline, and says in "pending" what it left. Many callers at once
 * cost one computation.
 * Returns LLMLEARN_ETIMEDOUT (another computation did not end in time), LLMLEARN_EIO,
 * LLMLEARN_ENOTFOUND (LLMLEARN_IF_CACHED, and the cache has no fresh one).
 * Cost: about 1 us cached; under 1 ms else, whatever the number of rows. */
LLMLEARN_API llmlearn_err llmlearn_analytics(llmlearn *learner, uint32_t days, uint32_t flags,
                                             uint32_t deadline_ms, char **out_json);

/* Tests, newest first, and the champions, as JSON. Only reads: never decides.
 *
 *   signal  NULL: all signals
 *   limit   0: 100. At most 1,000 tests
 *
 *   {"schema": 1, "as_of", "champions": [{"signal", "version", "since"}],
 *    "tests": [{"test_id", "signal", "status": "running" | "decided" | "stopped", "rule",
 *      "started_at", "ended_at", "duration_min_days", "duration_max_days", "trials_min",
 *      "alpha", "effect_min", "lift_min", "trials_planned", "champion", "actor", "days_running",
 *      "decision_id", "contaminated_units", "mismatches",
 *      "plan": the receipt of its start, see llmlearn_decisions; null: begun before there were any
 *      "arms": [{"arm", "version", "weight", "champion", "status",
 *        "hypothesis": what the model that wrote it expects of it; null: none was stated
 *        "off": by the breaker,
 *        "explanations", "cached", "fallback", "rerouted", "units", "first_votes", "positive",
 *        "positive_rate", "positive_rate_interval", "all_votes", "all_positive",
 *        "all_positive_rate", "rating_count", "average_rating", "cost_nanousd", "cost_known"}],
 *      "evidence": null unless it is running; else what a look would find now, which decides
 *        nothing: {"looks": taken so far, "days_left", "cannot_finish", "blockers", "advisories",
 *        + evidence, see llmlearn_decisions}}]}
 * "first_votes" and "positive" are the first vote of every unit: what rules decide by. */
LLMLEARN_API llmlearn_err llmlearn_ab_tests(llmlearn *learner, const char *signal, uint32_t limit,
                                            char **out_json);

/* How a test came to where it is, day by day, as JSON. Only reads: never decides.
 *
 *   {"schema": 1, "test_id", "signal", "champion",
 *    "difference_confidence",      1 - alpha / (arms - 1): all of a day hold at once
 *    "step_days",                  1; of a test of more than 400 days 2, 3, ...: every how many
 *                                  days there is one below, the last among them
 *    "days": [{"day",              YYYY-MM-DD, from the start to the end, or today; oldest first
 *      "arms": [{"arm", "version",
 *        "units", "first_votes", "positive", "positive_rate",    by the end of that day
 *        "difference",             of the rate from the champion's, which has none: null
 *        "difference_interval"}]}]}
 *
 * Days are UTC, by when votes were stored. Each interval is worth what it is if its day were the
 * only look: whoever watches them for one that leaves out 0 will find one, sooner or later.
 *
 *   out_json  required
 *
 * Returns LLMLEARN_ENOTFOUND, LLMLEARN_ETIMEDOUT, LLMLEARN_EIO.
 * Cost: about 0.1 ms for four weeks of three arms, some ms for years. */
LLMLEARN_API llmlearn_err llmlearn_ab_test_series(llmlearn *learner, uint64_t test_id,
                                                  uint32_t deadline_ms, char **out_json);

/* The history of decisions, newest first, as JSON; it is never rewritten.
 *
 *   signal  NULL: all signals
 *   limit   0: 100. At most 1,000
 *
 *   {"schema": 1, "decisions": [{"decision_id", "at", "signal", "kind": "start" | "verdict" |
 *      "promotion" | "rollback" | "stop" | "archive" | "breaker", "test_id", "actor", "reason",
 *      "from", "to",                               champion before and after, null if unchanged
 *      "archived",                                 what an archive took out of use, else null
 *      "receipt"}]}                                by the kind, else null:
 *
 *   verdict {
 *      "verdict": "winner" | "no_difference" | "invalid",
 *      "status", "winner", "winner_arm",
 *      "ln_e_value",                       of the winner, else the highest of any variant
 *      "rule", "alpha", "effect_min", "lift_min", "trials_min",
 *      "trials_planned",                   first votes, for each arm of equal shares
 *      "looked_at",
 *      "looks",                            with this one; of always_valid: whole weeks
 *      "days_left", "cannot_finish",       null in a verdict, which is final
 *      "vote_sequence",                    the last vote that was counted
 *      "library_version", "promotable", "promoted",
 *      "blockers": ["cached_share" | "contamination" | "srm" | "differential_response" |
 *        "switched_off" | "guardrail_latency" | "guardrail_cost" | "guardrail_failures" |
 *        "guardrail_rating"],
 *      "advisories": ["v_gate_blocks" | "winner_not_separated" | "low_expected" |
 *        "clustered" (a design effect over 1.2) | "mismatches" (10 rows, and 1 % of all,
 *        claimed a wrong arm) | "arm_switched_off"],
 *      "sentence",                         the same for people
 *      + evidence}
 *
 *   evidence = {
 *      "fixed_sample_label",               null, or "if this were the only look": that is what
 *                                          p-values and intervals are worth under a sequential
 *                                          rule, and before the classic one has looked
 *      "p_value", "ln_p_value", "chi_square", "degrees", "cramers_v", "cramers_v_unbiased",
 *      "method",                           do the arms' first votes differ?
 *      "difference_confidence",            of the difference intervals, which hold all at once
 *      "srm": {"ln_e_value",               do units follow the weights?
 *        "ln_e_value_max",                 the highest it has been, after any unit: decides
 *        "p_value", "deviation_max"},
 *      "differential_response": {          do first votes?
 *        "ln_e_value", "p_value",
 *        "apart"},                         how much less the least willing arm's units vote
 *      "contaminated_units", "mismatches",
 *      "arms": [{
 *        "arm", "version", "champion", "weight",
 *        "off_since",                      when the breaker switched it off
 *        "units", "first_votes", "positive", "positive_rate",
 *        "positive_rate_interval",         Wilson, 95 %
 *        "first_votes_seen",               of these, what the look saw: of a rule that goes by
 *        "positive_seen",                  weeks, those until the last whole week's end
 *        "response_rate",                  first votes / units
 *        "difference", "difference_interval", "lift", "p_champion", "holm_p_champion",
 *        "ln_e_value",                     of the e-process now, and as it was at the end of
 *        "ln_e_value_week_end",            the last whole week
 *        "z",                              pooled, positive where it is better
 *        "bound",                          what z must reach at this look; null, too, where in
 *                                          a test of many arms or looks z is far from any
 *        "information",                    n n' / (n + n') first votes, and as much as was
 *        "information_planned",            planned
 *        "best_ratio", "expected_loss",    as llmlearn_stats_posterior, uniform prior
 *        "all_votes", "all_positive", "all_positive_rate",   every vote; these never decide
 *        "all_positive_rate_interval",     clustered by unit, 95 %
 *        "design_effect",
 *        "rating_count", "average_rating", of first votes, and against the champion's, as
 *        "rating_superiority", "rating_p_value",             llmlearn_stats_ratings
 *        "latency_ms": {"p50", "p95"},
 *        "cost_nanousd_mean",              of an explanation whose cost is known
 *        "exposures", "failures", "failure_rate",
 *        "guardrails": {"latency", "cost", "failures", "rating": each "pass" | "fail" | "unknown"}
 *      }]}
 *   What the champion has none of, and what is unknown, is null. "bound" and "information" belong
 *   to group_sequential.
 *
 *   start {
 *      "rule", "alpha", "lift_min",
 *      "champion_rate",                    as assumed from its votes of 28 days
 *      "trials_planned", "kappa",
 *      "explanations_per_day", "response_rate", "first_votes_per_day",  over those days, each
 *                                          explanation taken for a unit of its own
 *      "days", "cannot_finish",            until it has what it needs, in that traffic
 *      "lift_v_gate",                      the smallest arm alone must be that much better
 *                                          for Cramer's V to exceed effect_min
 *      "lift_detectable",                  what the classic rule finds with a power of 0.8
 *      "sentence"}
 *
 *   promotion by a person who goes against a test, running or decided {
 *      "override": true, "test_id", "verdict", "status", "blockers", "advisories",
 *      "evidence"}                         as it was then, or the receipt of the verdict
 *
 *   breaker {
 *      "arm", "version",
 *      "failures", "exposures",            of its last 50
 *      "champion_failures", "champion_exposures"} */
LLMLEARN_API llmlearn_err llmlearn_decisions(llmlearn *learner, const char *signal, uint32_t limit,
                                             char **out_json);

/* ---- statistics -------------------------------------------------------- */

/* The arithmetic of experiments, for any caller's numbers. What holds for all of it:
 *
 *   Pure       No handle, file, clock, random number or state. The same input gives the same
 *              bits, in one build. Nothing is allocated unless the function says so.
 *   Counts     successes <= trials <= LLMLEARN_COUNT_MAX (2^53). What a trial is, the caller
 *              chooses; tests here use the first vote of every unit, because
 *              a method that takes trials for independent errs badly when they are not.
 *   Results    Outputs are required. The caller sets struct_size in structs that are written. No
 *              number in them is ever NaN or infinite: `status` names what could not be
 *              computed, and every field then holds the neutral value stated beside it.
 *   Wrong      LLMLEARN_EINVAL for a NULL, successes > trials, no arms or over LLMLEARN_ARMS_MAX,
 *              an alpha, a confidence or a true rate not between 0 and 1 (the least is 1e-300),
 *              a NaN; the detail names it. */

#define LLMLEARN_COUNT_MAX 9007199254740992ull

typedef enum llmlearn_stats_status {
    LLMLEARN_STATS_OK = 0,
    LLMLEARN_STATS_NO_DATA = 1,      /* nothing was counted where something is needed */
    LLMLEARN_STATS_TOO_FEW_ARMS = 2, /* fewer than two arms have trials */
    LLMLEARN_STATS_NO_VARIATION = 3, /* all outcomes are alike */
    LLMLEARN_STATS_TOO_FEW = 4,      /* one value or unit, where a spread needs two */
    LLMLEARN_STATS_UNREACHABLE = 5,  /* no number of trials up to LLMLEARN_COUNT_MAX is enough */
    LLMLEARN_STATS_MISASSIGNED = 6   /* something was counted in an arm of weight 0 */
} llmlearn_stats_status;

/* "ok", "no_data", ...: as above, in lower case. "?" for a number that is none. Static. */
LLMLEARN_API const char *llmlearn_stats_status_name(int32_t status);

/* One arm: how many of its trials succeeded. */
typedef struct llmlearn_rate {
    uint64_t successes;
    uint64_t trials;
} llmlearn_rate;

/* -- do the arms differ, and how strongly? */

typedef enum llmlearn_association_method {
    LLMLEARN_METHOD_NONE = 0,           /* nothing to test: see the status; p = 1 */
    LLMLEARN_METHOD_PEARSON = 1,        /* chi-square without Yates' correction */
    LLMLEARN_METHOD_FISHER = 2,         /* two arms, an expected count below 5 */
    LLMLEARN_METHOD_FREEMAN_HALTON = 3, /* more arms, an expected count below 5 */
    LLMLEARN_METHOD_LOW_EXPECTED = 4    /* the same with too many tables to count: Pearson's,
                                         * which may be off */
} llmlearn_association_method;

typedef struct llmlearn_association {
    uint32_t struct_size;
    int32_t status;            /* OK, TOO_FEW_ARMS, NO_VARIATION */
    int32_t method;            /* of p_value: llmlearn_association_method */
    uint32_t arms_used;        /* arms with trials; the others are left out */
    uint32_t degrees;          /* arms_used - 1, or 0 */
    uint32_t cells_low;        /* of the 2 x arms_used cells, those expected below 5 */
    double expected_min;       /* smallest expected count, 0 without variation */
    double chi_square;         /* Pearson's X2, whatever the method; 0 */
    double p_value;            /* by the method; 1. May underflow to 0, the logarithm does not */
    double ln_p_value;         /* 0 */
    double mid_p_value;        /* Fisher's mid-p (Lancaster 1961); else p_value */
    double pearson_p_value;    /* 1 */
    double cramers_v;          /* sqrt(X2 / N), 0 to 1; 0 */
    double cramers_v_unbiased; /* Bergsma 2013: 0 where V is no larger than chance makes it; 0 */
} llmlearn_association;

/* Tests whether k arms share one success rate.
 *
 * Pearson 1900; with an expected count below 5 Fisher's exact test for two arms (tables
 * no likelier than the observed one, forgiving 1e-7, as R has it), and
 * for more Freeman & Halton 1951 when there are at most 1e6 tables.
 * It says that not all arms are alike, never which is better: see llmlearn_stats_difference.
 * Cost: about 100 ns for Pearson's; up to 10 ms, and 64 KiB of stack, for the exact ones. */
LLMLEARN_API llmlearn_err llmlearn_stats_association(const llmlearn_rate *arms, uint32_t arm_count,
                                                     llmlearn_association *out_association);

/* -- what is one rate? what is the difference of two? */

typedef enum llmlearn_interval_method {
    LLMLEARN_INTERVAL_WILSON = 1,            /* score interval; the default. Wilson 1927 */
    LLMLEARN_INTERVAL_CLOPPER_PEARSON = 2,   /* never covers less than it says. 1934 */
    LLMLEARN_INTERVAL_SEQUENCE = 3,          /* holds at all looks at once. Robbins 1970 */
    LLMLEARN_INTERVAL_NEWCOMBE = 4,          /* of a difference; the default. 1998, method 10 */
    LLMLEARN_INTERVAL_MIETTINEN_NURMINEN = 5 /* of a difference, best coverage. 1985 */
} llmlearn_interval_method;

typedef struct llmlearn_interval {
    uint32_t struct_size;
    int32_t status;  /* OK; NO_DATA: the interval is all that is possible */
    double estimate; /* the observed rate or difference; 0 without data */
    double low;
    double high;
} llmlearn_interval;

/* The interval of one rate.
 *
 *   method  0: LLMLEARN_INTERVAL_WILSON; or _CLOPPER_PEARSON, or _SEQUENCE: the p for which
 *           B(1+s, 1+f) / (p^s q^f) < 1/(1 - confidence), a confidence sequence that may be
 *           looked at after every trial */
LLMLEARN_API llmlearn_err llmlearn_stats_rate(const llmlearn_rate *arm, double confidence,
                                              int32_t method, llmlearn_interval *out_interval);

typedef struct llmlearn_difference {
    uint32_t struct_size;
    int32_t status;    /* OK; NO_DATA: an arm has no trials, low -1 and high 1 */
    double difference; /* variant's rate less the control's; 0 without data */
    double low;        /* of the difference */
    double high;
    double lift_ratio; /* difference / control's rate; 0 when has_lift is 0 */
    uint32_t has_lift; /* 0: the control has no successes */
    uint32_t reserved; /* 0 */
} llmlearn_difference;

/* How much better is the variant? Positive is better.
 *   method  0: LLMLEARN_INTERVAL_NEWCOMBE; or _MIETTINEN_NURMINEN (with N/(N-1)) */
LLMLEARN_API llmlearn_err llmlearn_stats_difference(const llmlearn_rate *control,
                                                    const llmlearn_rate *variant, double confidence,
                                                    int32_t method,
                                                    llmlearn_difference *out_difference);

/* Adjusts the p-values of several comparisons so that even one false rejection stays
 * below alpha, whatever the dependence. Holm 1979. count: 0 to LLMLEARN_ARMS_MAX values of
 * 0 to 1; out_adjusted has as many and may be p_values itself. */
LLMLEARN_API llmlearn_err llmlearn_stats_holm(const double *p_values, uint32_t count,
                                              double *out_adjusted);

/* -- how many votes, how long? */

typedef enum llmlearn_plan_design {
    LLMLEARN_PLAN_FIXED = 1,            /* one look at the end; the default */
    LLMLEARN_PLAN_GROUP_SEQUENTIAL = 2, /* 1.05 times as many, at the most */
    LLMLEARN_PLAN_ALWAYS_VALID = 3      /* 1.6 times as many, at the most */
} llmlearn_plan_design;

/* A comparison of variants with a control: two-sided alpha, divided by the number of variants. */
typedef struct llmlearn_plan {
    uint32_t struct_size;
    int32_t design;        /* 0: LLMLEARN_PLAN_FIXED */
    uint32_t arm_count;    /* 0: 2. The control and its variants */
    uint32_t reserved;     /* 0 */
    double control_rate;   /* between 0 and 1 */
    double effect;         /* variant's rate less the control's; sum between 0 and 1, or 0 */
    double alpha_ratio;    /* 0: 0.05 */
    double power_ratio;    /* 0: 0.8. Above alpha, below 1 */
    double allocation;     /* 0: 1. Trials of a variant for each of the control, 1e-6 to 1e6 */
    double control_trials; /* for power and effect: what there will be, 1 to 2^53 */
    double design_effect;  /* 0: 1. Variance against independent trials, 1e-3 to 1e6 */
    double response_ratio; /* 0: 1. Trials per unit, such as the share that votes, 1e-9 to 1e6 */
    double units_per_day;  /* 0: unknown. Over all arms */
} llmlearn_plan;

typedef struct llmlearn_planned {
    uint32_t struct_size;
    int32_t status;             /* OK, UNREACHABLE */
    double control_trials;      /* independent ones, before the design's factor; unrounded */
    uint64_t control_trials_up; /* rounded up, with the design's factor and design effect */
    uint64_t variant_trials_up;
    uint64_t units_up;  /* over all arms, with the response ratio */
    double days;        /* units / units_per_day, at most the largest double; 0: unknown */
    double effect;      /* planned, or detectable */
    double power_ratio; /* planned, or reached */
} llmlearn_planned;

/* Two proportions by the normal approximation with the pooled variance under the null (Fleiss,
 * Levin & Paik 2003; R's power.prop.test). Each fills all of out_planned:
 * sample_size finds the trials from effect and power; power finds the power from
 * control_trials and effect (of 0: alpha / 2), and reads no power_ratio but to refuse a wrong one;
 * detectable_effect the smallest effect, of the sign of `effect` (0: positive), that
 * control_trials find with the power. UNREACHABLE: the size for an effect of 0, no such effect, or
 * a number over LLMLEARN_COUNT_MAX; then trials, units and days are 0. control_trials of 0: chance
 * alone has the power (below one half), and one trial of each arm is planned. */
LLMLEARN_API llmlearn_err llmlearn_stats_sample_size(const llmlearn_plan *plan,
                                                     llmlearn_planned *out_planned);
LLMLEARN_API llmlearn_err llmlearn_stats_power(const llmlearn_plan *plan,
                                               llmlearn_planned *out_planned);
LLMLEARN_API llmlearn_err llmlearn_stats_detectable_effect(const llmlearn_plan *plan,
                                                           llmlearn_planned *out_planned);

/* The power of llmlearn_stats_association: 2 to LLMLEARN_ARMS_MAX arms of the given true rates
 * (between 0 and 1) and trials_per_arm (0 to 2^53) trials each; alpha for rates that are alike.
 * Noncentral chi-square, Cohen 1988. out_power is required. */
LLMLEARN_API llmlearn_err llmlearn_stats_association_power(const double *rates, uint32_t arm_count,
                                                           double trials_per_arm,
                                                           double alpha_ratio, double *out_power);

/* -- was the split broken? did one arm's users answer more? */

typedef struct llmlearn_split {
    uint32_t struct_size;
    int32_t status;   /* OK, NO_DATA, TOO_FEW_ARMS (of weight > 0), MISASSIGNED */
    uint32_t degrees; /* arms of weight > 0, less one */
    uint32_t reserved;
    double ln_e_value;    /* evidence against the weights; alarm at ln(1000). 0 */
    double chi_square;    /* for one look only; 0 */
    double p_value;       /* of it; 1 */
    double ln_p_value;    /* 0 */
    double deviation_max; /* largest |share - weight| of any arm; 0 */
} llmlearn_split;

/* Sample ratio mismatch: do counts follow the weights?
 *
 *   counts, weights  of count arms (1 to LLMLEARN_ARMS_MAX); a weight is 0 or 1e-100 to 1e100,
 *                    not all 0, of any sum. An arm of weight 0 takes no part
 *   concentration    0: 1,000. How small a mismatch it is tuned to find (1 to 1e9): 1,000 for
 *                    units, 100 for the first votes of each arm (differential response)
 *
 * The e-value may be looked at after every count: if the split is right, it reaches 1/alpha at
 * any time with probability at most alpha. Lindon & Malek 2022. */
LLMLEARN_API llmlearn_err llmlearn_stats_split(const uint64_t *counts, const double *weights,
                                               uint32_t count, double concentration,
                                               llmlearn_split *out_split);

/* -- may I stop now, at any moment? */

/* Each variant against the champion, as votes come in: a randomisation e-process, one-sided.
 * The caller owns the struct and only reads its fields. Growing arrays never move. */
typedef struct llmlearn_eprocess {
    uint32_t struct_size;
    uint32_t arm_count;
    uint32_t champion;
    uint32_t reserved;
    double kappa;                      /* how far single arms' rates are drawn to the pool */
    double weights[LLMLEARN_ARMS_MAX]; /* the true probabilities of assignment, sum 1 */
    uint64_t successes[LLMLEARN_ARMS_MAX];
    uint64_t trials[LLMLEARN_ARMS_MAX];
    double ln_e_value[LLMLEARN_ARMS_MAX]; /* now; 0 for the champion */
    double ln_e_max[LLMLEARN_ARMS_MAX];   /* the highest so far, at least 0 */
} llmlearn_eprocess;

/* Starts an empty one.
 *
 *   weights  of arm_count arms (2 to LLMLEARN_ARMS_MAX), each 1e-100 to 1e100, of any sum
 *   kappa    0: 100. 20 to 1,000; best at 2p(1-p)/d^2 for a rate p and a lift of d */
LLMLEARN_API llmlearn_err llmlearn_eprocess_begin(const double *weights, uint32_t arm_count,
                                                  uint32_t champion, double kappa,
                                                  llmlearn_eprocess *out_state);

/* Adds one vote, in order of arrival: success 0 or 1.
 *
 * Before it is counted, theta_j = (s_j + kappa pool) / (n_j + kappa) for the two arms,
 * pool = (S + 1/2) / (N + 1) over both; if theta_v > theta_c, ln E_v grows by
 * ln(f_arm / (pi_v f_v + pi_c f_c)), f = theta or 1 - theta by the outcome. If the variant is no
 * better than the champion at any time, E_v reaches 1/alpha with probability at most alpha, ever,
 * whatever the rates and their drift, if votes are assigned with the weights and each unit votes
 * once. Turner, Ly & Grunwald 2024, in its form per event. An arm takes LLMLEARN_COUNT_MAX votes.
 * A state that these calls cannot have left so is LLMLEARN_EINVAL. Cost: about 20 ns per arm. */
LLMLEARN_API llmlearn_err llmlearn_eprocess_add(llmlearn_eprocess *state, uint32_t arm,
                                                int32_t success);

/* Which variant has won by now? ln E >= ln((arms - 1) / alpha), Bonferroni over the variants, and a
 * rate above the champion's; among those the highest rate, if shared the highest ln E.
 *   out_winner  the arm, or -1: none yet. required */
LLMLEARN_API llmlearn_err llmlearn_eprocess_winner(const llmlearn_eprocess *state,
                                                   double alpha_ratio, int32_t *out_winner);

#define LLMLEARN_EPROCESS_BYTES_MAX 2592

/* The state as bytes, the same on every machine, with a checksum; and back, bit for bit.
 *   out_bytes  LLMLEARN_EPROCESS_BYTES_MAX of them; out_size how many were used. Required
 * Reading returns LLMLEARN_ECORRUPT for damaged bytes, LLMLEARN_EUNSUPPORTED for a newer form. */
LLMLEARN_API llmlearn_err llmlearn_eprocess_write(const llmlearn_eprocess *state,
                                                  uint8_t *out_bytes, size_t *out_size);
LLMLEARN_API llmlearn_err llmlearn_eprocess_read(const uint8_t *bytes, size_t size,
                                                 llmlearn_eprocess *out_state);

/* -- may I stop at this planned look? */

#define LLMLEARN_LOOKS_MAX 64
#define LLMLEARN_FINAL_LOOK 0x01u /* the last of the looks spends all of alpha that is left */

/* The bound that z has to reach at each look.
 *
 *   information      at look_count looks so far (1 to LLMLEARN_LOOKS_MAX), each more than the one
 *                    before: first votes of the two arms, 1e-100 to 1e100; any times, planned or
 *                    not
 *   information_max  what was planned for the end; only the last look may reach it, or pass it
 *   alpha_ratio      one-sided: alpha / 2 of a two-sided test, over the number of variants
 *   flags            0 or LLMLEARN_FINAL_LOOK
 *   out_bounds       look_count z-values, required; 40: nothing to speak of may be spent yet
 *   out_spent        look_count shares of alpha, 0 to 1, spent by then; may be NULL
 *
 * Lan & DeMets 1983 with O'Brien-Fleming's spending 2(1 - Phi(z_{alpha/2} / sqrt t)), boundaries by
 * recursive integration (Armitage, McPherson & Rowe 1969) to 1e-6, correlations from the
 * actual information, also past the plan. A bound depends on no later look, so that it stays when
 * looks are added. Cost: about 0.1 ms for each look. */
LLMLEARN_API llmlearn_err llmlearn_stats_look_bounds(const double *information, uint32_t look_count,
                                                     double information_max, double alpha_ratio,
                                                     uint32_t flags, double *out_bounds,
                                                     double *out_spent);

/* -- which is probably best? */

typedef struct llmlearn_posterior {
    uint32_t struct_size;
    int32_t status;                          /* OK */
    double best_expected;                    /* E[highest rate] */
    double best_ratio[LLMLEARN_ARMS_MAX];    /* probability that the arm is the best; sum 1 */
    double expected_loss[LLMLEARN_ARMS_MAX]; /* E[highest rate - the arm's], 0 to 1 */
    double mean[LLMLEARN_ARMS_MAX];          /* of the rate */
    double low[LLMLEARN_ARMS_MAX];           /* equal-tailed credible interval */
    double high[LLMLEARN_ARMS_MAX];
} llmlearn_posterior;

/* Beta-Binomial posteriors by deterministic quadrature (to about 1e-10), no random draws.
 *
 *   prior_successes, prior_failures  0: 1, together the uniform prior. 1e-3 to 1e6
 *
 * Evidence, not a rule: looked at daily for a month, "probability over 95 %" crowns one of two
 * equal arms in 47 % of tests. Entries beyond arm_count are 0. Cost: about 50 us for 4 arms. */
LLMLEARN_API llmlearn_err llmlearn_stats_posterior(const llmlearn_rate *arms, uint32_t arm_count,
                                                   double prior_successes, double prior_failures,
                                                   double confidence,
                                                   llmlearn_posterior *out_posterior);

/* -- are the ratings better? */

typedef struct llmlearn_ratings {
    uint32_t struct_size;
    int32_t status;      /* of the rank test: OK, NO_DATA, NO_VARIATION */
    int32_t mean_status; /* of the means: OK, NO_DATA, TOO_FEW, NO_VARIATION (no spread) */
    uint32_t reserved;
    double u;            /* Mann-Whitney's U of the variant; 0 without data */
    double superiority;  /* P(variant > control) + P(equal)/2, Vargha & Delaney; 0.5 */
    double z;            /* tie-corrected, without continuity correction; 0 */
    double p_value;      /* two-sided, with continuity correction 1/2; 1 */
    double control_mean; /* 0 without data */
    double variant_mean;
    double control_variance; /* 0 with fewer than two */
    double variant_variance;
    double difference; /* variant_mean - control_mean; 0 without data */
    double low;        /* Welch's interval; the difference itself unless mean_status OK */
    double high;
    double t;            /* 0 */
    double degrees;      /* Welch-Satterthwaite; 0 */
    double mean_p_value; /* two-sided; 1 */
} llmlearn_ratings;

/* Compares ratings of 1 to 5 stars, each side given as five counts, 1 star first, each at most
 * LLMLEARN_COUNT_MAX. The ranks are the test, the means stand beside it.
 * Mann & Whitney 1947 with the correction for ties (R's wilcox.test, exact = FALSE); Welch 1947. */
LLMLEARN_API llmlearn_err llmlearn_stats_ratings(const uint64_t *control, const uint64_t *variant,
                                                 double confidence, llmlearn_ratings *out_ratings);

/* -- is it no worse? */

typedef enum llmlearn_guardrail {
    LLMLEARN_GUARDRAIL_UNKNOWN = 0, /* too few data to tell */
    LLMLEARN_GUARDRAIL_PASS = 1,    /* shown to be no worse than the margin allows */
    LLMLEARN_GUARDRAIL_FAIL = 2     /* shown to be worse than that */
} llmlearn_guardrail;

typedef struct llmlearn_noninferiority {
    uint32_t struct_size;
    int32_t status;    /* OK, NO_DATA, TOO_FEW, NO_VARIATION: see the functions for the last */
    int32_t guardrail; /* llmlearn_guardrail; UNKNOWN without data or with too few */
    uint32_t reserved;
    double statistic; /* z or t, positive where the variant does better than the margin; 0 */
    double degrees;   /* of t; 0 for z */
    double p_value;   /* that it is worse than the margin, one-sided; PASS below alpha. 1 */
    double p_worse;   /* that it is not; FAIL below alpha. 1 */
} llmlearn_noninferiority;

#define LLMLEARN_LOWER_IS_BETTER 0x01u /* failures rather than successes */

/* Is the variant's rate worse than the control's by less than the margin (at least 0, less
 * than 1)? The score test of Farrington & Manning 1990 with Miettinen & Nurminen's N/(N-1).
 * NO_VARIATION: without a margin, and all outcomes are alike; the guardrail is UNKNOWN.
 *   flags  0 or LLMLEARN_LOWER_IS_BETTER */
LLMLEARN_API llmlearn_err llmlearn_stats_rate_not_worse(const llmlearn_rate *control,
                                                        const llmlearn_rate *variant, double margin,
                                                        double alpha_ratio, uint32_t flags,
                                                        llmlearn_noninferiority *out_result);

/* A mean of independent values: of latencies, costs, or one mean per unit. */
typedef struct llmlearn_mean {
    uint64_t count;  /* at most LLMLEARN_COUNT_MAX */
    double mean;     /* finite. Not read while count is 0 */
    double variance; /* with n - 1; finite, >= 0. Not read while count < 2 */
} llmlearn_mean;

/* Is the variant's mean at most (1 + margin) times the control's, lower being better? Welch's t of
 * variant - (1 + margin) control. margin: -1 to 1e6, such as 0.2. The control's mean is >= 0.
 * NO_VARIATION (no spread in either): the guardrail is what the means say, PASS or FAIL, where a
 * variant above its limit by less than a relative 1e-15 passes. */
LLMLEARN_API llmlearn_err llmlearn_stats_mean_not_worse(const llmlearn_mean *control,
                                                        const llmlearn_mean *variant, double margin,
                                                        double alpha_ratio,
                                                        llmlearn_noninferiority *out_result);

/* -- do users repeat themselves? */

/* One arm's units u with n_u >= 1 votes, s_u of them positive, as running sums; each at most
 * LLMLEARN_COUNT_MAX. Sums that no units can have, such as products > trials_squared, are
 * LLMLEARN_EINVAL. */
typedef struct llmlearn_cluster {
    uint64_t units;
    uint64_t trials;            /* sum of n_u */
    uint64_t successes;         /* sum of s_u */
    uint64_t trials_squared;    /* sum of n_u n_u */
    uint64_t products;          /* sum of s_u n_u */
    uint64_t successes_squared; /* sum of s_u s_u */
} llmlearn_cluster;

typedef struct llmlearn_clustered {
    uint32_t struct_size;
    int32_t status;       /* OK; NO_DATA; TOO_FEW: under two units; NO_VARIATION: see low, high */
    double rate;          /* successes / trials; 0 */
    double variance;      /* of the rate; 0 */
    double design_effect; /* variance against independent trials; 1 */
    double low;  /* rate -+ t standard errors within 0..1 (units - 1 degrees of freedom); */
    double high; /* 0 and 1 unless the status is OK */
} llmlearn_clustered;

/* A rate over all votes, the unit being the user: the ratio (delta) variance
 * m/(m-1) sum (s_u - rate n_u)^2 / (sum n_u)^2. Deng et al. 2018; Cochran 1977, 6.4. */
LLMLEARN_API llmlearn_err llmlearn_stats_clustered(const llmlearn_cluster *arm, double confidence,
                                                   llmlearn_clustered *out_clustered);

/* No data is worse than too few units, and that than no variation: an arm whose units are all alike
 * says nothing of how much they differ. Compare such arms by each unit's first vote. */
typedef struct llmlearn_clustered_difference {
    uint32_t struct_size;
    int32_t status;    /* OK, or the worse of the two arms' */
    double difference; /* variant's rate less the control's; 0 without data */
    double low;        /* by t; -1 and 1 unless the status is OK */
    double high;
    double z;        /* 0 */
    double degrees;  /* units of both, less two; 0 */
    double p_value;  /* two-sided, by t; 1 */
    double p_normal; /* two-sided, by the normal distribution; 1 */
} llmlearn_clustered_difference;

LLMLEARN_API llmlearn_err llmlearn_stats_clustered_difference(
    const llmlearn_cluster *control, const llmlearn_cluster *variant, double confidence,
    llmlearn_clustered_difference *out_difference);

/* -- what happened? */

typedef struct llmlearn_summary {
    uint32_t struct_size;
    int32_t status; /* OK; NO_DATA: all 0; TOO_FEW: one value, no spread */
    uint64_t count;
    double mean;
    double variance; /* with n - 1; 0 */
    double deviation;
    double min;
    double max;
    double q50; /* quantiles by linear interpolation, R's type 7 */
    double q90;
    double q95;
    double q99;
} llmlearn_summary;

/* Describes values: finite numbers, not changed. values may be NULL when count is 0. At most
 * 2^32 values. A spread too large for a double is the largest double; a negative zero is a zero.
 * Allocates 16 bytes for each value to sort them: LLMLEARN_ENOMEM.
 * Cost: 1 us, and 10 to 20 ns for each value, in whatever order they come. */
LLMLEARN_API llmlearn_err llmlearn_stats_summary(const double *values, size_t count,
                                                 llmlearn_summary *out_summary);

typedef struct llmlearn_comparison {
    uint32_t struct_size;
    uint32_t arm_count;          /* 1 to LLMLEARN_ARMS_MAX */
    const llmlearn_rate *arms;   /* required */
    const char *const *versions; /* the arms' names, all different; NULL: "0", "1", ... */
    uint32_t champion;           /* index of its arm */
    uint32_t reserved;           /* 0 */
    uint64_t trials_min;         /* 0: 100. What each arm needs */
    double alpha_ratio;          /* 0: 0.05 */
    double effect_min;           /* 0: 0.1. Cramer's V that must be exceeded */
} llmlearn_comparison;

typedef struct llmlearn_compared {
    uint32_t struct_size;
    int32_t winner; /* index of the arm; -1: none */
    const char
        *status;       /* the classic rule's word: "winner", "tie", "not_significant", ... Static */
    double confidence; /* 1 - p_value with a winner, else 0 */
    double p_value;    /* 1 where nothing was computed */
    double effect_size;  /* Cramer's V; 0 */
    uint32_t promotable; /* 1: it is not the champion and beats it, Holm-adjusted p < alpha */
    uint32_t reserved;
} llmlearn_compared;

/* Compares variants from counts alone, by the classic rule (see LLMLEARN_RULE_CLASSIC; V > 0.1
 * is decided in integers), with everything an expert asks for beside it.
 *
 *   out_compared  may be NULL if out_json is not
 *   out_json      the caller's to free; may be NULL if out_compared is not. Allocates
 *
 *   {"schema": 1, "rule": "classic", "winner": version or null, "status", "confidence", "p_value",
 *    "effect_size", "promotable", "alpha", "effect_min", "trials_min",
 *    "method",                       of the rule's p: "pearson" or, with an expected count below 5,
 *                                    "fisher" of two arms, "pearson_low_expected" of more
 *    "chi_square", "degrees", "ln_p_value", "mid_p_value",
 *    "exact_p_value",                with an expected count below 5: Fisher's or, of more than two
 *                                    arms, Freeman & Halton's, while the rule's p is Pearson's
 *    "cramers_v_unbiased", "sentence",
 *    "advisories": ["v_gate_blocks" | "winner_not_separated" | "low_expected"],
 *    "difference_confidence",        1 - alpha / (arms - 1): the intervals of all differences hold
 *                                    at once with probability 1 - alpha or more
 *    "arms": [{"arm", "version", "champion", "successes", "trials", "rate",
 *      "interval": [low, high],      Wilson, 95 %
 *      "difference", "difference_interval", "lift", "p_champion", "holm_p_champion",
 *      "best_ratio", "expected_loss"}]}    as llmlearn_stats_posterior from the uniform prior
 *
 * What was not computed is null, but for p_value 1, confidence and effect_size 0.
 * Cost: about 0.5 us; with JSON 100 us for 4 arms, and up to 10 ms for an exact p. */
LLMLEARN_API llmlearn_err llmlearn_compare_variants(const llmlearn_comparison *comparison,
                                                    llmlearn_compared *out_compared,
                                                    char **out_json);

#ifdef __cplusplus
}
#endif

#endif
