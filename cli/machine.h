/* The machine and its limits, as `lanner machine` and `lanner bench` tell them. */
#ifndef LNR_CLI_MACHINE_H
#define LNR_CLI_MACHINE_H

#include "app/json.h"

/* Members of the open object: processor, caches, memory, quota, level in use. */
void machine_add_facts(app_json *j);

#endif
