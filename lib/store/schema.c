#include "store/schema.h"

/* Names a reader meets in every table: times are *_us since 1970 UTC, days are whole UTC
 * days since 1970, money is *_nanousd, flags are the LLMLEARN_* bits of llmlearn.h. */
const ll_schema_step ll_schema_steps[] = {
    { "explanations, feedback, metrics, variants, tests",

      /* Facts about the database itself: store_id, config_version, vote_sequence, clock_us. */
      "CREATE TABLE llm_meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
      "INSERT INTO llm_meta VALUES ('store_id', randomblob(16)), ('config_version', 1),"
      " ('vote_sequence', 0), ('clock_us', 0);"

      /* Tickers (kind 1), signals (2), models (3), providers (4), as small numbers. */
      "CREATE TABLE llm_names (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
      " name TEXT NOT NULL, UNIQUE (kind, name)) STRICT;"
      "CREATE TABLE llm_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"

      "CREATE TABLE llm_variants (id INTEGER PRIMARY KEY,"
      " signal INTEGER NOT NULL REFERENCES llm_names (id), version TEXT NOT NULL,"
      " text TEXT, parent INTEGER REFERENCES llm_variants (id),"
      " status TEXT NOT NULL"
      "  CHECK (status IN ('draft', 'active', 'champion', 'archived', 'rejected')),"
      " created_us INTEGER NOT NULL, changed_us INTEGER NOT NULL,"
      " UNIQUE (signal, version)) STRICT;"
      "CREATE UNIQUE INDEX llm_variants_champion ON llm_variants (signal)"
      " WHERE status = 'champion';"

      /* counted: the row is an exposure of its test (not cached, not rerouted, in the right
       * arm, first arm of its unit). digest: crc32c of the journal record's payload. */
      "CREATE TABLE llm_explanations (row INTEGER PRIMARY KEY,"
      " explanation_id BLOB NOT NULL UNIQUE CHECK (length(explanation_id) = 16),"
      " created_us INTEGER NOT NULL, ticker INTEGER NOT NULL REFERENCES llm_names (id),"
      " variant INTEGER NOT NULL REFERENCES llm_variants (id),"
      " model INTEGER REFERENCES llm_names (id), provider INTEGER REFERENCES llm_names (id),"
      " flags INTEGER NOT NULL, confidence REAL, latency_ms REAL, prompt_tokens INTEGER,"
      " completion_tokens INTEGER, cost_nanousd INTEGER, test INTEGER, arm INTEGER,"
      " counted INTEGER NOT NULL, digest INTEGER NOT NULL, unit TEXT, fallback_reason TEXT,"
      " metadata TEXT, text TEXT NOT NULL) STRICT;"
      "CREATE INDEX llm_explanations_created ON llm_explanations (created_us);"

      /* voter: llm_users.id, or negative: the own number of an anonymous vote. */
      "CREATE TABLE llm_feedback ("
      " explanation INTEGER NOT NULL REFERENCES llm_explanations (row), voter INTEGER NOT NULL,"
      " helpful INTEGER NOT NULL CHECK (helpful IN (0, 1)),"
      " rating INTEGER CHECK (rating BETWEEN 1 AND 5), created_us INTEGER NOT NULL,"
      " sequence INTEGER NOT NULL, comment TEXT,"
      " PRIMARY KEY (explanation, voter)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE llm_quota (voter INTEGER NOT NULL, accepted_us INTEGER NOT NULL,"
      " sequence INTEGER NOT NULL, PRIMARY KEY (voter, accepted_us, sequence))"
      " STRICT, WITHOUT ROWID;"

      /* Rollups: a row per day and variant (ticker 0) and per day and ticker (variant 0).
       * rated counts explanations of that day with a live vote; votes count on their own day. */
      "CREATE TABLE llm_metrics (day INTEGER NOT NULL, ticker INTEGER NOT NULL,"
      " variant INTEGER NOT NULL, explanations INTEGER NOT NULL DEFAULT 0,"
      " cached INTEGER NOT NULL DEFAULT 0, fallback INTEGER NOT NULL DEFAULT 0,"
      " rated INTEGER NOT NULL DEFAULT 0, positive INTEGER NOT NULL DEFAULT 0,"
      " negative INTEGER NOT NULL DEFAULT 0, rating_1 INTEGER NOT NULL DEFAULT 0,"
      " rating_2 INTEGER NOT NULL DEFAULT 0, rating_3 INTEGER NOT NULL DEFAULT 0,"
      " rating_4 INTEGER NOT NULL DEFAULT 0, rating_5 INTEGER NOT NULL DEFAULT 0,"
      " prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,"
      " cost_nanousd INTEGER NOT NULL DEFAULT 0, cost_known INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (day, ticker, variant)) STRICT, WITHOUT ROWID;"
      /* Logarithmic histogram of latencies: see store/metrics.h. */
      "CREATE TABLE llm_latency (day INTEGER NOT NULL, variant INTEGER NOT NULL,"
      " bucket INTEGER NOT NULL, explanations INTEGER NOT NULL,"
      " PRIMARY KEY (day, variant, bucket)) STRICT, WITHOUT ROWID;"
      /* Grows with every change to a day's rollups. */
      "CREATE TABLE llm_days (day INTEGER PRIMARY KEY, version INTEGER NOT NULL) STRICT;"

      "CREATE TABLE llm_ab_tests (id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " signal INTEGER NOT NULL REFERENCES llm_names (id),"
      " status TEXT NOT NULL CHECK (status IN ('running', 'decided', 'stopped')),"
      " rule TEXT NOT NULL, salt BLOB NOT NULL CHECK (length(salt) = 16),"
      " champion INTEGER NOT NULL REFERENCES llm_variants (id),"
      " started_us INTEGER NOT NULL, ended_us INTEGER,"
      " duration_min_us INTEGER NOT NULL, duration_max_us INTEGER NOT NULL,"
      " trials_min INTEGER NOT NULL, alpha REAL NOT NULL, effect_min REAL NOT NULL,"
      " actor TEXT NOT NULL, contaminated INTEGER NOT NULL DEFAULT 0,"
      " mismatches INTEGER NOT NULL DEFAULT 0) STRICT;"
      "CREATE UNIQUE INDEX llm_ab_tests_running ON llm_ab_tests (signal)"
      " WHERE status = 'running';"
      "CREATE TABLE llm_ab_arms (test INTEGER NOT NULL REFERENCES llm_ab_tests (id),"
      " arm INTEGER NOT NULL, variant INTEGER NOT NULL REFERENCES llm_variants (id),"
      " weight REAL NOT NULL, explanations INTEGER NOT NULL DEFAULT 0,"
      " cached INTEGER NOT NULL DEFAULT 0, fallback INTEGER NOT NULL DEFAULT 0,"
      " rerouted INTEGER NOT NULL DEFAULT 0, units INTEGER NOT NULL DEFAULT 0,"
      " first_votes INTEGER NOT NULL DEFAULT 0, first_positive INTEGER NOT NULL DEFAULT 0,"
      " votes INTEGER NOT NULL DEFAULT 0, positive INTEGER NOT NULL DEFAULT 0,"
      " rating_count INTEGER NOT NULL DEFAULT 0, rating_sum INTEGER NOT NULL DEFAULT 0,"
      " cost_nanousd INTEGER NOT NULL DEFAULT 0, cost_known INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (test, arm)) STRICT, WITHOUT ROWID;"
      /* unit: a hash of the unit's text, or of the explanation's id. votes and positive are
       * live votes; first_vote and sequence never change once set. */
      "CREATE TABLE llm_ab_units (test INTEGER NOT NULL, unit INTEGER NOT NULL,"
      " arm INTEGER NOT NULL, first_vote INTEGER, sequence INTEGER,"
      " votes INTEGER NOT NULL DEFAULT 0, positive INTEGER NOT NULL DEFAULT 0,"
      " contaminated INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (test, unit)) STRICT, WITHOUT ROWID;"

      "CREATE TABLE llm_decisions (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL,"
      " signal INTEGER NOT NULL REFERENCES llm_names (id),"
      " kind TEXT NOT NULL CHECK (kind IN"
      "  ('start', 'verdict', 'promotion', 'rollback', 'stop', 'archive')),"
      " test INTEGER REFERENCES llm_ab_tests (id), actor TEXT NOT NULL, reason TEXT NOT NULL,"
      " from_variant INTEGER REFERENCES llm_variants (id),"
      " to_variant INTEGER REFERENCES llm_variants (id), receipt TEXT) STRICT;"
      "CREATE UNIQUE INDEX llm_decisions_verdict ON llm_decisions (test) WHERE kind = 'verdict';"
      "CREATE INDEX llm_decisions_signal ON llm_decisions (signal);"

      /* How far each journal segment is in the tables. */
      "CREATE TABLE llm_positions (segment BLOB PRIMARY KEY CHECK (length(segment) = 16),"
      " offset INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
      /* Records and parts of records that the tables refused, kept for a person to see. */
      "CREATE TABLE llm_rejected (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
      " reason TEXT NOT NULL, explanation_id BLOB, payload BLOB) STRICT;" },

    { "tests that watch themselves",

      "ALTER TABLE llm_ab_tests ADD COLUMN lift_min REAL NOT NULL DEFAULT 0.05;"
      "ALTER TABLE llm_ab_tests ADD COLUMN rate_planned REAL NOT NULL DEFAULT 0.5;"
      "ALTER TABLE llm_ab_tests ADD COLUMN trials_planned INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE llm_ab_tests ADD COLUMN previous INTEGER REFERENCES llm_variants (id);"
      "ALTER TABLE llm_ab_tests ADD COLUMN srm_ln_e REAL NOT NULL DEFAULT 0;"
      "ALTER TABLE llm_ab_tests ADD COLUMN srm_ln_e_max REAL NOT NULL DEFAULT 0;"

      /* Of explanations from this row on, and of those alone, exposures are counted. */
      "INSERT INTO llm_meta SELECT 'exposures_from_row', ifnull(max(row), 0) + 1"
      " FROM llm_explanations;"

      /* unit_means, recent: see store/ab_arms.h. first_rating_N came with first votes.
       * voting_units and what follows are over units with live votes: of those there were, too. */
      "CREATE TABLE llm_ab_arms_new (test INTEGER NOT NULL REFERENCES llm_ab_tests (id),"
      " arm INTEGER NOT NULL, variant INTEGER NOT NULL REFERENCES llm_variants (id),"
      " weight REAL NOT NULL, explanations INTEGER NOT NULL DEFAULT 0,"
      " cached INTEGER NOT NULL DEFAULT 0, fallback INTEGER NOT NULL DEFAULT 0,"
      " rerouted INTEGER NOT NULL DEFAULT 0, units INTEGER NOT NULL DEFAULT 0,"
      " first_votes INTEGER NOT NULL DEFAULT 0, first_positive INTEGER NOT NULL DEFAULT 0,"
      " votes INTEGER NOT NULL DEFAULT 0, positive INTEGER NOT NULL DEFAULT 0,"
      " rating_count INTEGER NOT NULL DEFAULT 0, rating_sum INTEGER NOT NULL DEFAULT 0,"
      " cost_nanousd INTEGER NOT NULL DEFAULT 0, cost_known INTEGER NOT NULL DEFAULT 0,"
      " off_us INTEGER, reported INTEGER NOT NULL DEFAULT 0,"
      " failures INTEGER NOT NULL DEFAULT 0, exposures INTEGER NOT NULL DEFAULT 0,"
      " first_rating_1 INTEGER NOT NULL DEFAULT 0, first_rating_2 INTEGER NOT NULL DEFAULT 0,"
      " first_rating_3 INTEGER NOT NULL DEFAULT 0, first_rating_4 INTEGER NOT NULL DEFAULT 0,"
      " first_rating_5 INTEGER NOT NULL DEFAULT 0, voting_units INTEGER NOT NULL DEFAULT 0,"
      " votes_squared INTEGER NOT NULL DEFAULT 0, products INTEGER NOT NULL DEFAULT 0,"
      " positive_squared INTEGER NOT NULL DEFAULT 0, unit_means BLOB, recent BLOB,"
      " PRIMARY KEY (test, arm)) STRICT, WITHOUT ROWID;"
      "INSERT INTO llm_ab_arms_new SELECT a.*, NULL, 0, 0, 0, 0, 0, 0, 0, 0,"
      " ifnull(u.units, 0), ifnull(u.nn, 0), ifnull(u.sn, 0), ifnull(u.ss, 0), NULL, NULL"
      " FROM llm_ab_arms a LEFT JOIN (SELECT test, arm, count(*) AS units,"
      "  sum(votes * votes) AS nn, sum(positive * votes) AS sn, sum(positive * positive) AS ss"
      "  FROM llm_ab_units WHERE votes > 0 GROUP BY test, arm) u USING (test, arm);"
      "DROP TABLE llm_ab_arms;"
      "ALTER TABLE llm_ab_arms_new RENAME TO llm_ab_arms;"

      /* What a unit met, if it is not one explanation: exposures, how many of them failed, sums
       * of what is known. voted_us: when it voted first. */
      "CREATE TABLE llm_ab_units_new (test INTEGER NOT NULL, unit INTEGER NOT NULL,"
      " arm INTEGER NOT NULL, first_vote INTEGER, sequence INTEGER,"
      " votes INTEGER NOT NULL DEFAULT 0, positive INTEGER NOT NULL DEFAULT 0,"
      " contaminated INTEGER NOT NULL DEFAULT 0, voted_us INTEGER, first_rating INTEGER,"
      " exposures INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,"
      " latency_us INTEGER NOT NULL DEFAULT 0, latency_known INTEGER NOT NULL DEFAULT 0,"
      " cost_nanousd INTEGER NOT NULL DEFAULT 0, cost_known INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (test, unit)) STRICT, WITHOUT ROWID;"
      "INSERT INTO llm_ab_units_new SELECT *, NULL, NULL, 0, 0, 0, 0, 0, 0 FROM llm_ab_units;"
      "DROP TABLE llm_ab_units;"
      "ALTER TABLE llm_ab_units_new RENAME TO llm_ab_units;"

      "CREATE TABLE llm_ab_latency (test INTEGER NOT NULL, arm INTEGER NOT NULL,"
      " bucket INTEGER NOT NULL, explanations INTEGER NOT NULL,"
      " PRIMARY KEY (test, arm, bucket)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE llm_ab_days (test INTEGER NOT NULL, day INTEGER NOT NULL,"
      " arm INTEGER NOT NULL, units INTEGER NOT NULL, first_votes INTEGER NOT NULL,"
      " PRIMARY KEY (test, day, arm)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE llm_ab_looks (test INTEGER NOT NULL, look INTEGER NOT NULL,"
      " arm INTEGER NOT NULL, at_us INTEGER NOT NULL, vote_sequence INTEGER NOT NULL,"
      " first_votes INTEGER NOT NULL, first_positive INTEGER NOT NULL,"
      " PRIMARY KEY (test, look, arm)) STRICT, WITHOUT ROWID;"
      /* As llmlearn_eprocess_write writes it: now, and at the end of the last whole week. */
      "CREATE TABLE llm_ab_eprocess (test INTEGER PRIMARY KEY REFERENCES llm_ab_tests (id),"
      " now BLOB NOT NULL, week INTEGER NOT NULL, week_end BLOB NOT NULL) STRICT;"

      /* The same with 'breaker' among the kinds, and inputs: what a verdict was made of. */
      "CREATE TABLE llm_decisions_new (id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " at_us INTEGER NOT NULL, signal INTEGER NOT NULL REFERENCES llm_names (id),"
      " kind TEXT NOT NULL CHECK (kind IN"
      "  ('start', 'verdict', 'promotion', 'rollback', 'stop', 'archive', 'breaker')),"
      " test INTEGER REFERENCES llm_ab_tests (id), actor TEXT NOT NULL, reason TEXT NOT NULL,"
      " from_variant INTEGER REFERENCES llm_variants (id),"
      " to_variant INTEGER REFERENCES llm_variants (id), receipt TEXT, inputs BLOB) STRICT;"
      "INSERT INTO llm_decisions_new SELECT id, at_us, signal, kind, test, actor, reason,"
      " from_variant, to_variant, receipt, NULL FROM llm_decisions;"
      "DROP TABLE llm_decisions;"
      "ALTER TABLE llm_decisions_new RENAME TO llm_decisions;"
      "CREATE UNIQUE INDEX llm_decisions_verdict ON llm_decisions (test) WHERE kind = 'verdict';"
      "CREATE INDEX llm_decisions_signal ON llm_decisions (signal);" },

    { "variants that a model wrote, jobs, alerts",

      /* What calls of models cost: reserved before the call, settled after it. A reservation that
       * a crash left open counts as spent. cost NULL: the service did not say, the reservation
       * stands for it. run: of one generation or job, for its own limit. */
      "CREATE TABLE llm_generations (id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " at_us INTEGER NOT NULL, kind TEXT NOT NULL"
      "  CHECK (kind IN ('generate', 'replay', 'moderate', 'explain')),"
      " signal INTEGER REFERENCES llm_names (id), parent INTEGER REFERENCES llm_variants (id),"
      " run TEXT NOT NULL, model INTEGER REFERENCES llm_names (id),"
      " reserved_nanousd INTEGER NOT NULL CHECK (reserved_nanousd >= 0), settled_us INTEGER,"
      " prompt_tokens INTEGER, completion_tokens INTEGER,"
      " cost_nanousd INTEGER CHECK (cost_nanousd >= 0),"
      /* comments: a JSON list of the explanations whose comments the model was shown. */
      " comments TEXT, error TEXT) STRICT;"
      "CREATE INDEX llm_generations_at ON llm_generations (at_us);"
      "CREATE INDEX llm_generations_run ON llm_generations (run);"

      /* reason: why it was rejected. approved: by whom, when a person has to. */
      "ALTER TABLE llm_variants ADD COLUMN generation INTEGER REFERENCES llm_generations (id);"
      "ALTER TABLE llm_variants ADD COLUMN model INTEGER REFERENCES llm_names (id);"
      "ALTER TABLE llm_variants ADD COLUMN prompt_tokens INTEGER;"
      "ALTER TABLE llm_variants ADD COLUMN completion_tokens INTEGER;"
      "ALTER TABLE llm_variants ADD COLUMN cost_nanousd INTEGER;"
      "ALTER TABLE llm_variants ADD COLUMN reason TEXT;"
      "ALTER TABLE llm_variants ADD COLUMN approved_by TEXT;"
      "ALTER TABLE llm_variants ADD COLUMN approved_us INTEGER;"

      /* Who holds the lease works; whoever takes it over counts the epoch up, and what a holder of
       * an older epoch wants to write is refused. due_us: the moment that is to be run, or runs. */
      "CREATE TABLE llm_jobs (name TEXT PRIMARY KEY, schedule TEXT NOT NULL,"
      " due_us INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0, lease_until_us INTEGER,"
      " started_us INTEGER, finished_us INTEGER, finished_due_us INTEGER, error TEXT)"
      " STRICT, WITHOUT ROWID;"
      /* How far a run has come with each signal: after a crash it goes on from there. */
      "CREATE TABLE llm_job_steps (job TEXT NOT NULL REFERENCES llm_jobs (name),"
      " due_us INTEGER NOT NULL, signal TEXT NOT NULL, step TEXT NOT NULL,"
      " at_us INTEGER NOT NULL, note TEXT, PRIMARY KEY (job, due_us, signal, step))"
      " STRICT, WITHOUT ROWID;"

      /* Alerts: of one rule about one thing one in each window of time. */
      "CREATE TABLE llm_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL,"
      " rule TEXT NOT NULL, about TEXT NOT NULL, window INTEGER NOT NULL, subject TEXT NOT NULL,"
      " text TEXT NOT NULL, details TEXT NOT NULL, UNIQUE (rule, about, window)) STRICT;"
      /* One by each channel that a process has: sent, or given up. */
      "CREATE TABLE llm_deliveries (alert INTEGER NOT NULL REFERENCES llm_outbox (id),"
      " channel TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_us INTEGER NOT NULL,"
      " sent_us INTEGER, given_up_us INTEGER, error TEXT, PRIMARY KEY (alert, channel))"
      " STRICT, WITHOUT ROWID;" },

    { "days of tests know how many first votes were positive",

      "ALTER TABLE llm_ab_days ADD COLUMN first_positive INTEGER NOT NULL DEFAULT 0;"
      "INSERT INTO llm_ab_days (test, day, arm, units, first_votes, first_positive)"
      " SELECT test, voted_us / 86400000000, arm, 0, 0, sum(first_vote) FROM llm_ab_units"
      " WHERE voted_us IS NOT NULL GROUP BY 1, 2, 3"
      " ON CONFLICT (test, day, arm) DO UPDATE SET first_positive = excluded.first_positive;" },

    { "what a model expected of the variants it wrote",

      "ALTER TABLE llm_variants ADD COLUMN hypothesis TEXT;" },
};

const uint32_t ll_schema_step_count = sizeof ll_schema_steps / sizeof ll_schema_steps[0];
