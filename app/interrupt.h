/* Ctrl-C: the first asks for a clean stop, the second ends the program at once. */
#ifndef LNR_APP_INTERRUPT_H
#define LNR_APP_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT sets a flag, once. A SIGINT that was ignored (nohup, a background job) stays
 * so. */
void app_interrupt_install(void);

bool app_interrupted(void); /* Threads: any. */

#endif
