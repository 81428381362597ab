/* Everything of lanner's C API. */
#ifndef LANNER_LANNER_H
#define LANNER_LANNER_H

#include <lanner/engine.h>
#include <lanner/machine.h>
#include <lanner/measure.h>
#include <lanner/model.h>
#include <lanner/quantize.h>
#include <lanner/sampler.h>
#include <lanner/session.h>
#include <lanner/status.h>
#include <lanner/template.h>
#include <lanner/tokenizer.h>

#endif
