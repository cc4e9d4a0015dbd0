/* One turn of the loop: choose a prompt, log what came of it, take a vote, report. */
#include <llmlearn.h>
#include <stdio.h>

int main(void)
{
    llmlearn *learner = NULL;
    llmlearn_options options;
    llmlearn_options_init(&options, sizeof options);
    options.path = "learning.db"; /* made if it is not there */

    llmlearn_assignment prompt = { .struct_size = sizeof prompt };
    llmlearn_explanation said = { .struct_size = sizeof said, .ticker = "AAPL", .signal = "BUY" };
    llmlearn_feedback vote = { .struct_size = sizeof vote, .vote = LLMLEARN_HELPFUL, .rating = 5 };
    said.unit = vote.user = "user-7"; /* may vote ten times an hour */
    char *report = NULL;

    llmlearn_err err = llmlearn_open(&options, &learner);
    if (err == LLMLEARN_OK)
        err = llmlearn_get_variant(learner, "BUY", said.unit, &prompt);
    if (err == LLMLEARN_OK) {
        said.text = "It has risen."; /* what your model answered to prompt.text */
        said.version = prompt.version;
        said.test_id = prompt.test_id; /* 0 while no test runs for "BUY" */
        said.arm = prompt.arm;
        said.flags = prompt.flags;
        err = llmlearn_log_explanation(learner, &said, &vote.explanation_id);
    }
    if (err == LLMLEARN_OK)
        err = llmlearn_submit_feedback(learner, &vote, NULL);
    if (err == LLMLEARN_OK)
        err = llmlearn_analytics(learner, 1, LLMLEARN_REFRESH, 0, &report);

    puts(err == LLMLEARN_OK ? report : llmlearn_error_detail());
    llmlearn_free(report);
    llmlearn_close(learner, 0);
    return err != LLMLEARN_OK;
}
