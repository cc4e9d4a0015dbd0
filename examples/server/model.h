/* model.h - the model that the options name, told to the library. */
#ifndef SERVER_MODEL_H
#define SERVER_MODEL_H

#include "server.h"

#define MODEL_SYSTEM "You explain trading signals to private investors. You never make up figures."

/* Nothing without LLMLEARN_LLM_URL. Costs nothing until somebody asks. */
llmlearn_err model_set(const server *s);

#endif
