/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "../common/stats.h"
#include "../kernel/crew.h"
#include "compile.h"

/* Plain C that needs nothing but the C library, of the project's middle size: it compiles wherever there is a compiler. */
#define SOURCE_FILE "lib/policy/weights.c"

#define COMPILER "gcc"
#define FOLDER_TEMPLATE "/tmp/cgburst-demo-XXXXXX"

/* @object: NULL = only the syntax. */
static pid_t start_compiler(const struct source *source, const char *object)
{
        char include[PATH_MAX + 16], internal[PATH_MAX + 16];
        pid_t pid, parent = getpid();

        pid = fork();
        if (pid)
                return pid;
        die_with_parent(parent);
        snprintf(include, sizeof(include), "-I%s/include", source->root);
        snprintf(internal, sizeof(internal), "-I%s/lib", source->root);
        if (object)
                execlp(COMPILER, COMPILER, "-D_GNU_SOURCE", "-O2", include, internal, "-c", source->file, "-o", object,
                        NULL);
        else
                execlp(COMPILER, COMPILER, "-D_GNU_SOURCE", "-fsyntax-only", include, internal, source->file, NULL);
        _exit(127);
}

/* @return whether the compiler was content. */
static bool compile(const struct source *source, const char *object)
{
        pid_t pid = start_compiler(source, object);
        int status;

        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int source_open(struct source *ret, const char *root)
{
        struct source source = {.root = root, .folder = FOLDER_TEMPLATE};

        snprintf(source.file, sizeof(source.file), "%s/" SOURCE_FILE, root);
        if (!compile(&source, NULL))
                return complain(-ENOENT, "%s does not compile here: is " COMPILER " installed, and the C library's headers?",
                        source.file);
        if (!mkdtemp(source.folder))
                return complain(-errno, "%s", source.folder);
        *ret = source;
        return 0;
}

void source_close(struct source *source)
{
        if (source->folder[0])
                remove_folder(source->folder);
        *source = (struct source){.root = NULL};
}

void build_work(void *data)
{
        struct build_job *job = data;
        char object[128];

        snprintf(object, sizeof(object), "%s/job-%u.o", job->source->folder, job->number);
        setenv("TMPDIR", job->source->folder, 1); /* a killed compiler leaves its assembly there */
        for (;;)
                if (compile(job->source, object))
                        atomic_fetch_add(&job->done, 1);
                else
                        atomic_fetch_add(&job->failed, 1);
}

void checker_work(void *data)
{
        struct checker *checker = data;
        struct random random;

        random_seed(&random, checker->seed);
        for (uint32_t i = 0; i < CHECKS_MAX; i++) {
                uint64_t due = now_usec() + random_between(&random, checker->think_min_usec, checker->think_max_usec);

                sleep_until_usec(due);
                if (!compile(checker->source, NULL))
                        atomic_fetch_add(&checker->failed, 1);
                checker->checks[i] = (struct check){.due_usec = due, .response_usec = now_usec() - due};
                atomic_store(&checker->n, i + 1);
        }
}
