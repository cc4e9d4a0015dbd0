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
    LLMLEARN_EUNKNOWN = -14     /* commit not answered in time; may or may not stand */
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
 * deadline only for a disk that does not answer. */
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

typedef enum llmlearn_rule {
    LLMLEARN_RULE_CLASSIC = 1 /* chi-square p < alpha and Cramer's V > effect_min, looked at once */
} llmlearn_rule;

typedef struct llmlearn_arm {
    const char *version; /* required: a version with text, each once */
    double weight;       /* > 0; all weights sum to 1 within 1e-6 */
} llmlearn_arm;

#define LLMLEARN_AB_NO_MINIMUM_DURATION 0x01u /* decide as soon as trials_min is reached */

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
} llmlearn_ab_test;

/* Starts a test of prompt variants for one signal. Arms and weights never
 * change afterwards. The champion of the signal (else the baseline version)
 * must be one of the arms.
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
    LLMLEARN_KEEP_GOING = 1,    /* too early: nothing was decided or stored */
    LLMLEARN_WINNER = 2,        /* final; see winner */
    LLMLEARN_NO_DIFFERENCE = 3, /* final; the champion stays */
    LLMLEARN_INVALID = 4        /* final; the data cannot be trusted */
} llmlearn_verdict;

#define LLMLEARN_PROMOTE 0x01u /* make the winner champion if it is promotable */

typedef struct llmlearn_decision {
    uint32_t struct_size;
    int32_t verdict;      /* llmlearn_verdict */
    const char *winner;   /* version with the verdict LLMLEARN_WINNER, else NULL; until close */
    const char *status;   /* "winner", "running", "tie", ...: the rule's own word; until close */
    char *receipt_json;   /* evidence, as in llmlearn_decisions; for llmlearn_free */
    uint64_t decision_id; /* 0 with LLMLEARN_KEEP_GOING */
    double p_value;       /* 0 to 1; 1 where nothing was computed */
    double effect;        /* Cramer's V, 0 to 1; 0 where nothing was computed */
    uint32_t promotable;  /* 1: the winner may be promoted without a person */
    uint32_t promoted;    /* 1: it is the champion now, by this test */
} llmlearn_decision;

/* Looks at the running or last decided test of a signal and decides it by its rule.
 *
 * The classic rule looks once: the first look after the minimum duration and
 * with trials_min first votes in every arm is final, stored with its evidence,
 * and returned again by every later call. A test that has a final verdict has
 * ended: the champion serves everybody. Only each unit's first vote counts.
 * Before it decides, everything that any process has logged is stored, within the deadline.
 *
 *   flags         0 or LLMLEARN_PROMOTE. Promoting needs more than winning: the
 *                 winner is not the champion and beats it with a Holm-adjusted
 *                 p < alpha, and nothing blocks (see "blockers" in the receipt)
 *   out_decision  required; its struct_size set by the caller
 *
 * Returns LLMLEARN_ENOTFOUND (the signal never had a test), LLMLEARN_ESTATE (its last
 * test was stopped by hand), and the storing errors. */
LLMLEARN_API llmlearn_err llmlearn_select_winner(llmlearn *learner, const char *signal,
                                                 uint32_t flags, uint32_t deadline_ms,
                                                 llmlearn_decision *out_decision);

/* Makes a variant the champion by hand. The old champion is archived, a running
 * test of the signal is stopped and its other arms are archived. Recorded with
 * actor (required) and reason (required).
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

/* ---- reports ----------------------------------------------------------- */

#define LLMLEARN_REFRESH 0x01u /* do not answer from the cache */

/* What people think of the explanations, as JSON with a stable order of keys.
 *
 *   days      1 to 90; 0: 30. The window: today (UTC) and the days before it
 *   flags     0 or LLMLEARN_REFRESH
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
 *    "by_signal": [{"signal", + group}],           by name
 *    "by_ticker": [{"ticker", + group}],           the 10 with most votes, then most explanations
 *    "by_variant": [{"signal", "version", "status", + group, "latency_ms": {"p50", "p95", "p99"}}],
 *    "series": [{"day", + group}]}                 every day of the window, oldest first
 * where group = "explanations", "feedback", "positive", "positive_rate",
 * "positive_rate_interval", "rating_count", "average_rating", and (not for tickers)
 * "cached_rate", "fallback_rate", "prompt_tokens", "completion_tokens", "cost_nanousd",
 * "cost_known". Latency percentiles are within 1 %.
 *
 * Cached for analytics_ttl_ms; a miss first stores what is waiting in the journal,
 * within the deadline, and says in "pending" what it left. Many callers at once
 * cost one computation.
 * Returns LLMLEARN_ETIMEDOUT (another computation did not end in time), LLMLEARN_EIO.
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
 *      "alpha", "effect_min", "champion", "actor", "days_running", "decision_id",
 *      "contaminated_units", "mismatches",
 *      "arms": [{"arm", "version", "weight", "champion", "status", "explanations", "cached",
 *        "fallback", "rerouted", "units", "first_votes", "positive", "positive_rate",
 *        "positive_rate_interval", "all_votes", "all_positive", "all_positive_rate",
 *        "rating_count", "average_rating", "cost_nanousd", "cost_known"}]}]}
 * "first_votes" and "positive" are the first vote of every unit: what rules decide by. */
LLMLEARN_API llmlearn_err llmlearn_ab_tests(llmlearn *learner, const char *signal, uint32_t limit,
                                            char **out_json);

/* The history of decisions, newest first, as JSON; it is never rewritten.
 *
 *   signal  NULL: all signals
 *   limit   0: 100. At most 1,000
 *
 *   {"schema": 1, "decisions": [{"decision_id", "at", "signal", "kind": "start" | "verdict" |
 *      "promotion" | "rollback" | "stop" | "archive", "test_id", "actor", "reason",
 *      "from", "to",                               champion before and after, null if unchanged
 *      "archived",                                 what an archive took out of use, else null
 *      "receipt": null, or for verdicts {"verdict", "status", "winner", "winner_arm", "rule",
 *        "p_value", "ln_p_value", "chi_square", "degrees", "cramers_v", "method",
 *        "alpha", "effect_min", "trials_min", "looks", "vote_sequence", "library_version",
 *        "promotable", "promoted", "blockers": [...], "advisories": [...], "sentence",
 *        "arms": [{"arm", "version", "first_votes", "positive", "positive_rate",
 *          "positive_rate_interval", "difference", "difference_interval", "p_champion",
 *          "holm_p_champion"}]}}]} */
LLMLEARN_API llmlearn_err llmlearn_decisions(llmlearn *learner, const char *signal, uint32_t limit,
                                             char **out_json);

#ifdef __cplusplus
}
#endif

#endif
