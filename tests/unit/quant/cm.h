/* cmocka, which wants these headers before its own. */
#ifndef TESTS_UNIT_QUANT_CM_H
#define TESTS_UNIT_QUANT_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
