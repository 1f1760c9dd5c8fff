/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kernel/clock.h"
#include "../kernel/complain.h"
#include "../kernel/crew.h"
#include "../kernel/files.h"
#include "../kernel/stats.h"
#include "compile.h"

#define COMPILER "gcc"
#define FOLDER_TEMPLATE "/tmp/cgburst-demo-XXXXXX"

static off_t file_size(const char *path)
{
        struct stat status;

        return stat(path, &status) < 0 ? 0 : status.st_size;
}

static int compare_sizes(const void *a, const void *b)
{
        off_t left = file_size(*(char *const *)a), right = file_size(*(char *const *)b);

        return (left > right) - (left < right);
}

/* These two folders hold pure C that needs nothing but the C library: it compiles wherever there is a compiler. */
static int add_files(struct sources *sources, const char *folder)
{
        char pattern[PATH_MAX];
        glob_t found;

        snprintf(pattern, sizeof(pattern), "%s/%s/*.c", sources->root, folder);
        if (glob(pattern, 0, NULL, &found))
                return complain(-ENOENT, "%s: nothing to compile", pattern);
        for (size_t i = 0; i < found.gl_pathc && sources->n < SOURCES_MAX; i++) {
                sources->files[sources->n] = strdup(found.gl_pathv[i]);
                sources->n += sources->files[sources->n] != NULL;
        }
        globfree(&found);
        return 0;
}

/* @object: NULL = only the syntax. */
static pid_t start_compiler(const struct sources *sources, const char *file, const char *object)
{
        char include[PATH_MAX + 16], internal[PATH_MAX + 16];
        pid_t pid, parent = getpid();

        pid = fork();
        if (pid)
                return pid;
        die_with_parent(parent);
        snprintf(include, sizeof(include), "-I%s/include", sources->root);
        snprintf(internal, sizeof(internal), "-I%s/lib", sources->root);
        if (object)
                execlp(COMPILER, COMPILER, "-D_GNU_SOURCE", "-O2", include, internal, "-c", file, "-o", object, NULL);
        else
                execlp(COMPILER, COMPILER, "-D_GNU_SOURCE", "-fsyntax-only", include, internal, file, NULL);
        _exit(127);
}

/* @return whether the compiler was content. */
static bool compile(const struct sources *sources, const char *file, const char *object)
{
        pid_t pid = start_compiler(sources, file, object);
        int status;

        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int prepare(struct sources *sources)
{
        int error;

        error = add_files(sources, "lib/policy");
        if (error >= 0)
                error = add_files(sources, "lib/kernel");
        if (error < 0)
                return error;
        qsort(sources->files, sources->n, sizeof(sources->files[0]), compare_sizes);
        sources->typed = sources->files[0];
        if (!compile(sources, sources->typed, NULL))
                return complain(-ENOENT, "%s does not compile here: is " COMPILER " installed, and the C library's headers?",
                        sources->typed);
        strcpy(sources->folder, FOLDER_TEMPLATE);
        if (mkdtemp(sources->folder))
                return 0;
        error = complain(-errno, "%s", sources->folder);
        sources->folder[0] = '\0';
        return error;
}

int sources_find(struct sources *ret, const char *root)
{
        struct sources sources = {.root = root};
        int error;

        error = prepare(&sources);
        if (error < 0)
                sources_free(&sources);
        else
                *ret = sources;
        return error;
}

void sources_free(struct sources *sources)
{
        for (size_t i = 0; i < sources->n; i++)
                free(sources->files[i]);
        if (sources->folder[0])
                remove_folder(sources->folder);
        *sources = (struct sources){.n = 0};
}

void build_work(void *data)
{
        struct build_job *job = data;
        char object[128];

        snprintf(object, sizeof(object), "%s/job-%u.o", job->sources->folder, job->number);
        setenv("TMPDIR", job->sources->folder, 1); /* a killed compiler leaves its assembly there */
        for (size_t i = job->number;; i++)
                if (compile(job->sources, job->sources->files[i % job->sources->n], object))
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
                if (!compile(checker->sources, checker->sources->typed, NULL))
                        atomic_fetch_add(&checker->failed, 1);
                checker->checks[i] = (struct check){.due_usec = due, .response_usec = now_usec() - due};
                atomic_store(&checker->n, i + 1);
        }
}
