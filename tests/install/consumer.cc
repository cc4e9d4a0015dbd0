// The same in C++17, with the handle owned.
#include <llmlearn.h>

#include <array>
#include <iostream>
#include <memory>

struct Closer {
    void operator()(llmlearn *learner) const
    {
        llmlearn_close(learner, 10000);
    }
};

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    llmlearn_options options;
    llmlearn_options_init(&options, sizeof options);
    options.path = argv[1];

    llmlearn *opened = nullptr;
    if (llmlearn_open(&options, &opened) != LLMLEARN_OK) {
        std::cerr << llmlearn_error_detail() << '\n';
        return 1;
    }
    const std::unique_ptr<llmlearn, Closer> learner(opened);

    llmlearn_explanation explanation{};
    explanation.struct_size = sizeof explanation;
    explanation.ticker = "AAPL";
    explanation.signal = "BUY";
    explanation.text = "The short average crossed the long one.";

    llmlearn_id id;
    std::array<char, LLMLEARN_ID_TEXT_BYTES> text;
    if (llmlearn_log_explanation(learner.get(), &explanation, &id) != LLMLEARN_OK ||
        llmlearn_flush(learner.get(), 10000) != LLMLEARN_OK ||
        llmlearn_id_format(&id, text.data()) != LLMLEARN_OK) {
        std::cerr << llmlearn_error_detail() << '\n';
        return 1;
    }
    std::cout << llmlearn_version() << ' ' << text.data() << '\n';
}
