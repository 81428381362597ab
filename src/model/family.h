/* A model family: one architecture name of GGUF files and how such a model is read and run.
 *
 * A family's file holds its bind function, which reads hyperparameters and asks for tensors, and
 * its forward function, which joins the backend's operations. Shared steps are in loader.h. */
#ifndef LNR_MODEL_FAMILY_H
#define LNR_MODEL_FAMILY_H

#include "model/loader.h"

struct model_family {
    const char *arch; /* general.architecture; also the prefix of its keys */
    lnr_status (*bind)(model_loader *l, lnr_error *err);
    void (*forward)(const lnr_model *m, lnr_pass *p);
};

extern const model_family model_family_llama, model_family_qwen2, model_family_qwen3,
    model_family_qwen3moe, model_family_gemma2, model_family_gemma3, model_family_phi3;

#endif
