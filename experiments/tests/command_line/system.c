/* A system that has no more threads to give, or whose clock is wrong, for a program that this is loaded into first. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* THREADS: so many can be started. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*begin)(void *), void *argument) {
    static atomic_int started;
    const char *most = getenv("THREADS");
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (most && atomic_fetch_add(&started, 1) >= atoi(most)) {
        return EAGAIN;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, begin, argument);
}

/* CLOCK: `before` 1970, `after` the year 9999, or going `back` by an hour whenever it is read. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    static atomic_int reads;
    const char *wrong = getenv("CLOCK");
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int ended = real(clock, time);
    if (wrong && clock == CLOCK_REALTIME) {
        if (!strcmp(wrong, "before")) {
            time->tv_sec = -5;
        } else if (!strcmp(wrong, "after")) {
            time->tv_sec = 253402300800;
        } else {
            time->tv_sec -= 3600 * (time_t)atomic_fetch_add(&reads, 1);
        }
    }
    return ended;
}
