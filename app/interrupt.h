/* Ctrl-C: asks for a clean stop. */
#ifndef LNR_APP_INTERRUPT_H
#define LNR_APP_INTERRUPT_H

#include <stdbool.h>

/* From now on the first SIGINT sets a flag, the second ends the program at once. A SIGINT that was
 * ignored (nohup, a background job) stays so. */
void app_interrupt_install(void);

/* As app_interrupt_install, but no SIGINT ends the program: for one that goes on after each. */
void app_interrupt_catch(void);
void app_interrupt_clear(void); /* forgets what came so far */

bool app_interrupted(void); /* Threads: any. */

#endif
