/* stats_bench.c - what the statistics cost: a test of four arms, who is best of them, one more
 * vote. stats_bench.py measures what people use instead. */
#include "measure.h"

#define ROUNDS 60
#define ARMS 4
#define TABLES 16 /* a power of two */
#define ASSOCIATIONS 20000
#define POSTERIORS 100
#define VOTES 20000

/* stats_bench.py has the same first table. */
static llmlearn_rate tables[TABLES][ARMS];

static void fill_tables(void)
{
    static const llmlearn_rate first[ARMS] = {
        { 600, 1000 }, { 630, 1010 }, { 605, 990 }, { 650, 1005 }
    };

    for (uint64_t i = 0; i < TABLES; i++)
        for (uint64_t j = 0; j < ARMS; j++) {
            tables[i][j].successes = first[j].successes + 3 * i;
            tables[i][j].trials = first[j].trials + 5 * i;
        }
}

static double associate(void)
{
    llmlearn_association found = { .struct_size = sizeof found };
    double sum = 0, start = now_ns();

    for (int i = 0; i < ASSOCIATIONS; i++) {
        MUST(llmlearn_stats_association(tables[i % TABLES], ARMS, &found));
        sum += found.p_value;
    }
    start = (now_ns() - start) / ASSOCIATIONS;
    NEED(sum > 0 && found.method == LLMLEARN_METHOD_PEARSON);
    return start;
}

static double find_posteriors(void)
{
    llmlearn_posterior found = { .struct_size = sizeof found };
    double sum = 0, start = now_ns();

    for (int i = 0; i < POSTERIORS; i++) {
        MUST(llmlearn_stats_posterior(tables[i % TABLES], ARMS, 0, 0, 0.95, &found));
        sum += found.best_ratio[0];
    }
    start = (now_ns() - start) / POSTERIORS / 1000;
    NEED(sum > 0);
    return start;
}

/* Votes of arms that differ a little, so that most bets are placed. */
static double add_votes(void)
{
    static const double weights[ARMS] = { 0.4, 0.2, 0.2, 0.2 };
    llmlearn_eprocess state = { .struct_size = sizeof state };
    uint64_t random = 1;
    double start;

    MUST(llmlearn_eprocess_begin(weights, ARMS, 0, 0, &state));
    start = now_ns();
    for (int i = 0; i < VOTES; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t arm = (uint32_t)(random >> 62);
        MUST(llmlearn_eprocess_add(&state, arm, (random >> 32) % 100 < 60 + arm));
    }
    start = (now_ns() - start) / VOTES;
    NEED(state.ln_e_max[ARMS - 1] > 0);
    return start;
}

int main(int argc, char **argv)
{
    size_t rounds = is_quick(argc, argv) ? 10 : ROUNDS;
    double association[ROUNDS], posterior[ROUNDS], vote[ROUNDS], work[ROUNDS];
    double *const columns[] = { association, posterior, vote };

    fill_tables();
    associate();
    for (size_t i = 0; i < rounds; i++) {
        work[i] = work_ns();
        association[i] = associate();
        posterior[i] = find_posteriors();
        vote[i] = add_votes();
        work[i] = slower(work[i], work_ns());
    }
    rounds = keep_steady(work, rounds, columns, COUNT_OF(columns));
    print_figure((figure){ .name = "stats_association_2x4",
                           .value = median(association, rounds),
                           .unit = "ns",
                           .reference = "@scipy_chi2_contingency",
                           .goal = "value <= 200 and ratio >= 300" });
    print_figure((figure){ .name = "stats_posterior_4_arms",
                           .value = median(posterior, rounds),
                           .unit = "us",
                           .reference = "@numpy_10000_draws",
                           .goal = "ratio >= 10" });
    print_figure((figure){ .name = "stats_eprocess_add_4_arms",
                           .value = median(vote, rounds),
                           .unit = "ns",
                           .goal = "value <= 100" });
    return 0;
}
