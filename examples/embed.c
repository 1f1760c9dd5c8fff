/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * embed - the whole scheduler inside a program's own poll loop
 *
 *     embed [PARENT]
 *
 * Manages the groups below PARENT until Ctrl-C, and says what it does. A program that has a loop already adds one fd to it
 * and two calls; everything else stays as it is.
 */

#include <cgburst/cgburst.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

static int fail(const struct cgb_fault *fault, int error)
{
        fprintf(stderr, "%s: %s (%s)\n  %s\n", fault->file, fault->message, strerror(-error), fault->remedy);
        return 1;
}

static void print_events(struct cgb *cgb)
{
        struct cgb_event event;

        while (cgb_next_event(cgb, &event))
                if (event.type == CGB_EVENT_WEIGHT)
                        printf("%s: weight %u (%s)\n", event.name, event.action.weight,
                                cgb_reason_to_string(event.action.reason));
                else
                        printf("%s: %s\n", event.name, cgb_event_type_to_string(event.type));
}

/* Until a signal, or until nothing can go on. */
static int loop(struct cgb *cgb, int signal_fd)
{
        struct pollfd fds[] = {{.fd = cgb_get_fd(cgb), .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
        int r = 0;

        while (r >= 0 && !fds[1].revents && poll(fds, 2, -1) >= 0) {
                r = cgb_dispatch(cgb);
                print_events(cgb);
        }
        return r;
}

int main(int argc, char **argv)
{
        struct cgb_options options;
        struct cgb_fault fault;
        struct cgb *cgb;
        sigset_t end;

        cgb_options_init(&options);
        options.parent = argc > 1 ? argv[1] : NULL;

        int r = cgb_new(&cgb, &options, &fault);
        if (r < 0)
                return fail(&fault, r);

        /* A signal must not end the program before cgb_free() has put the weights back. */
        sigemptyset(&end);
        sigaddset(&end, SIGINT);
        sigaddset(&end, SIGTERM);
        sigprocmask(SIG_BLOCK, &end, NULL);

        r = cgb_start(cgb);
        if (r >= 0)
                r = loop(cgb, signalfd(-1, &end, SFD_CLOEXEC));

        int exit_code = r < 0 ? fail(cgb_get_fault(cgb), r) : 0;
        cgb_free(cgb);
        return exit_code;
}
