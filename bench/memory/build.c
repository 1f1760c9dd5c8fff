/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "../kernel/crew.h"
#include "build.h"

#define DIR_TEMPLATE "/tmp/cgburst-build-XXXXXX"
#define JOBS 2
#define LARGE 0 /* the number of the large file; small ones follow */
#define SMALL_FUNCTIONS 12
#define TABLE_LINES 250000
#define STAND_IN_TABLE_LINES 700000

/* What gcc 12 takes for a line of the table. */
#define STAND_IN_BYTES_A_LINE 1400
#define STAND_IN_PASSES 3
#define PAGE_BYTES 4096

static void name_file(char ret[static PATH_MAX], const struct build_plan *plan, unsigned number, char kind)
{
        snprintf(ret, PATH_MAX, "%s/%u.%c", plan->dir, number, kind);
}

static void write_table(FILE *file, unsigned lines)
{
        fputs("struct entry { const char *name; int a, b; int *at; };\nstatic int ints[64];\nconst struct entry table[] = {\n",
                file);
        for (unsigned i = 0; i < lines; i++)
                fprintf(file, "{\"key %u\", %u, %u, &ints[%u]},\n", i, i * 7 % 1000, i * 13 % 777, i % 64);
        fputs("};\n", file);
}

static void write_functions(FILE *file, unsigned number)
{
        for (unsigned i = 0; i < SMALL_FUNCTIONS; i++)
                fprintf(file,
                        "int f%u_%u(int *a, int n)\n{\n\tint sum = %u;\n\n\tfor (int i = 0; i < n; i++) {\n\t\tif (a[i] > sum)\n"
                        "\t\t\tsum += a[i] * %u;\n\t\telse\n\t\t\tsum ^= a[i] >> %u;\n\t\ta[i] = sum;\n\t}\n\treturn sum;\n}\n",
                        number, i, i, i % 7 + 1, i % 5 + 1);
}

static int write_source(const struct build_plan *plan, unsigned number)
{
        char path[PATH_MAX];
        FILE *file;

        name_file(path, plan, number, 'c');
        file = fopen(path, "we");
        if (!file)
                return complain(-errno, "%s", path);
        if (number == LARGE)
                write_table(file, plan->table_lines);
        else
                write_functions(file, number);
        return fclose(file) == 0 ? 0 : complain(-errno, "%s", path);
}

/* Grows with every line that it has read, as a compiler does with its tree, and passes over all of it again and again. */
static int stand_in(const char *source, const char *object)
{
        FILE *from = fopen(source, "re"), *to = fopen(object, "we");
        char line[512], *memory = NULL;
        size_t used = 0, reserved = (size_t)1 << 36;

        memory = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!from || !to || memory == MAP_FAILED)
                return 1;
        while (fgets(line, sizeof(line), from)) {
                for (size_t at = 0; at < STAND_IN_BYTES_A_LINE; at += sizeof(line))
                        memcpy(memory + used + at, line, sizeof(line));
                used += STAND_IN_BYTES_A_LINE;
        }
        for (int pass = 0; pass < STAND_IN_PASSES; pass++)
                for (size_t at = 0; at < used; at += PAGE_BYTES / 16)
                        memory[at]++;
        for (size_t at = 0; at < used; at += PAGE_BYTES)
                fwrite(memory + at, 1, 64, to);
        return ferror(to) || fclose(to) ? 1 : 0;
}

/* Never comes back. */
static void compile(const struct build_plan *plan, unsigned number)
{
        char source[PATH_MAX], object[PATH_MAX];

        name_file(source, plan, number, 'c');
        name_file(object, plan, number, 'o');
        if (!*plan->compiler)
                _exit(stand_in(source, object));
        execl(plan->compiler, plan->compiler, number == LARGE ? "-O0" : "-O1", "-c", source, "-o", object, (char *)NULL);
        _exit(127);
}

static pid_t start_job(const struct build_plan *plan, unsigned number)
{
        pid_t parent = getpid(), pid = fork();

        if (pid == 0) {
                die_with_parent(parent);
                compile(plan, number);
        }
        return pid;
}

static bool job_succeeded(void)
{
        int status;

        return wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void build_all(void *data)
{
        struct build *build = data;
        uint64_t begin = now_usec();
        unsigned next = 0, running = 0;

        while (next <= build->plan.small_files || running > 0) {
                if (next <= build->plan.small_files && running < JOBS) {
                        if (start_job(&build->plan, next) > 0)
                                running++;
                        else
                                build->failed++;
                        next++;
                } else {
                        build->failed += !job_succeeded();
                        running--;
                }
        }
        build->wall_usec = now_usec() - begin;
        atomic_store(&build->done, 1);
}

/* The first of that name in PATH. */
static bool find_in_path(const char *name, char ret[static PATH_MAX])
{
        const char *path = getenv("PATH");
        char copy[PATH_MAX], *rest;

        if (strchr(name, '/')) {
                snprintf(ret, PATH_MAX, "%s", name);
                return access(ret, X_OK) == 0;
        }
        snprintf(copy, sizeof(copy), "%s", path ? path : "/usr/bin:/bin");
        for (char *dir = strtok_r(copy, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest))
                if (snprintf(ret, PATH_MAX, "%s/%s", dir, name) < PATH_MAX && access(ret, X_OK) == 0)
                        return true;
        *ret = '\0';
        return false;
}

static int write_sources(const struct build_plan *plan)
{
        int error = 0;

        for (unsigned i = 0; i <= plan->small_files && error >= 0; i++)
                error = write_source(plan, i);
        return error;
}

/* Also tells whether the compiler works. */
static int compile_one(const struct build_plan *plan)
{
        if (start_job(plan, plan->small_files ? 1 : LARGE) < 0)
                return complain(-errno, "fork");
        if (!job_succeeded())
                return complain(-EINVAL, "%s: does not compile; --compiler names another, --compiler none does without",
                        *plan->compiler ? plan->compiler : "the stand-in for a compiler");
        return 0;
}

int build_prepare(struct build_plan *ret, const char *compiler, unsigned table_lines, unsigned small_files)
{
        struct build_plan plan = {.dir = DIR_TEMPLATE, .table_lines = table_lines, .small_files = small_files};
        int error;

        if ((!compiler || strcmp(compiler, "none")) && !find_in_path(compiler ? compiler : "cc", plan.compiler) && compiler)
                return complain(-ENOENT, "--compiler %s", compiler);
        if (!plan.table_lines)
                plan.table_lines = *plan.compiler ? TABLE_LINES : STAND_IN_TABLE_LINES;
        if (!mkdtemp(plan.dir))
                return complain(-errno, DIR_TEMPLATE);
        error = write_sources(&plan);
        if (error >= 0)
                error = compile_one(&plan);
        if (error >= 0)
                *ret = plan;
        else
                remove_folder(plan.dir);
        return error;
}

void build_remove(struct build_plan *plan)
{
        if (*plan->dir)
                remove_folder(plan->dir);
        *plan->dir = '\0';
}
