/* Sleeps until it is told to stop: the only program of an image that has neither a shell nor chown. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void leave(int signal) { (void)signal; _exit(0); }

int main(void) {
    /* The first process of a container ignores what it does not handle. */
    signal(SIGTERM, leave);
    signal(SIGINT, leave);
    for (;;) pause();
}
