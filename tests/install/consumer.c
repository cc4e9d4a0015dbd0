/* A C program as a user would write it: opens, logs, flushes, closes. */
#include <llmlearn.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    llmlearn *learner = NULL;
    llmlearn_options options;
    llmlearn_id id;
    char text[LLMLEARN_ID_TEXT_BYTES];

    if (argc != 2)
        return 2;
    llmlearn_options_init(&options, sizeof options);
    options.path = argv[1];

    llmlearn_explanation explanation = { .struct_size = sizeof explanation,
                                         .ticker = "AAPL",
                                         .signal = "BUY",
                                         .text = "The short average crossed the long one." };

    if (llmlearn_open(&options, &learner) != LLMLEARN_OK ||
        llmlearn_log_explanation(learner, &explanation, &id) != LLMLEARN_OK ||
        llmlearn_flush(learner, 10000) != LLMLEARN_OK ||
        llmlearn_close(learner, 10000) != LLMLEARN_OK ||
        llmlearn_id_format(&id, text) != LLMLEARN_OK) {
        fprintf(stderr, "%s\n", llmlearn_error_detail());
        return 1;
    }
    printf("%s %s\n", llmlearn_version(), text);
    return 0;
}
