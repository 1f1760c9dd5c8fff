/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * replay.c - a fuzz target as an ordinary test
 *
 *     replay CORPUS MUTATIONS [SEED]
 *
 * Runs every file of the folder CORPUS, then MUTATIONS inputs that were made of them by chance. The chance is a seeded
 * generator, so the same arguments run the same inputs on every machine. When one aborts, its number, the seed and the
 * bytes themselves are printed.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* Longer than every file of the kernel's that is parsed here; seeds are far shorter. */
#define INPUT_SIZE 4096

/* As many changes as make an input strange, and not yet noise. */
#define CHANGES_MAX 8

struct input {
        uint8_t bytes[INPUT_SIZE];
        size_t n;
};

struct corpus {
        struct input *inputs;
        size_t n;
};

/* What is run now, for the report of an abort. */
static struct {
        unsigned long seed;
        unsigned long number;
        const struct input *input;
} current;

/* splitmix64 (Steele, Lea, Flood 2014): any seed is as good as any other. */
static uint64_t next_bits(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
        return n > 0 ? (size_t)(next_bits(state) % n) : 0;
}

static int read_input(int folder, const char *name, struct input *ret)
{
        int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, ret->bytes, sizeof(ret->bytes));
        close(fd);
        if (n < 0)
                return -errno;
        ret->n = (size_t)n;
        return 0;
}

/* Sorted by name, because the order in which a folder lists its files is another on every machine. */
static int is_file(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static int read_corpus(struct corpus *ret, const char *path)
{
        struct dirent **entries;
        int n = scandir(path, &entries, is_file, alphasort);
        int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = 0;

        if (n < 0 || folder < 0)
                return -errno;
        ret->inputs = calloc((size_t)n + 1, sizeof(*ret->inputs));
        for (int i = 0; i < n; i++) {
                if (ret->inputs == NULL)
                        r = -ENOMEM;
                if (r == 0)
                        r = read_input(folder, entries[i]->d_name, &ret->inputs[ret->n++]);
                free(entries[i]);
        }
        free(entries);
        close(folder);
        return r;
}

static void cut_out(struct input *input, size_t at, size_t n)
{
        memmove(input->bytes + at, input->bytes + at + n, input->n - at - n);
        input->n -= n;
}

static void insert(struct input *input, size_t at, const uint8_t *bytes, size_t n)
{
        if (n > sizeof(input->bytes) - input->n)
                n = sizeof(input->bytes) - input->n;
        memmove(input->bytes + at + n, input->bytes + at, input->n - at);
        memcpy(input->bytes + at, bytes, n);
        input->n += n;
}

/* What parsers of numbers and lines stumble over. */
static void insert_word(struct input *input, uint64_t *chance)
{
        static const char *const words[] = {
                "18446744073709551615",
                "18446744073709551616",
                "99999999999999999999",
                "00",
                "-1",
                "+1",
                "0x1",
                "max",
                "\n",
                "\r\n",
                " ",
                "  ",
                ".",
                ".00",
                "usage_usec 1\n",
                "some",
                "full",
                "0-8191",
                ",",
                "-",
                "/",
                "..",
                "\\040",
                "\\000",
                "0::/",
                " - cgroup2 ",
                "[rule x]\n",
                "\nmatch=a/*\n",
                "*",
                "**",
                "[",
                "]",
                ";",
        };
        const char *word = words[below(chance, sizeof(words) / sizeof(words[0]))];

        insert(input, below(chance, input->n + 1), (const uint8_t *)word, strlen(word));
}

/* A piece of another input goes in here. */
static void graft(struct input *input, const struct corpus *corpus, uint64_t *chance)
{
        const struct input *other = &corpus->inputs[below(chance, corpus->n)];
        size_t from = below(chance, other->n);

        insert(input, below(chance, input->n + 1), other->bytes + from, below(chance, other->n - from + 1));
}

static void change(struct input *input, const struct corpus *corpus, uint64_t *chance)
{
        size_t at = below(chance, input->n);

        switch (below(chance, 6)) {
        case 0:
                if (input->n > 0)
                        input->bytes[at] ^= (uint8_t)(1u << below(chance, 8));
                break;
        case 1:
                if (input->n > 0)
                        input->bytes[at] = (uint8_t)next_bits(chance);
                break;
        case 2:
                cut_out(input, at, below(chance, input->n - at + 1));
                break;
        case 3:
                input->n = at;
                break;
        case 4:
                insert_word(input, chance);
                break;
        default:
                graft(input, corpus, chance);
        }
}

static void say_where(int number)
{
        char text[128];
        int n = snprintf(
                text, sizeof(text), "input %lu of seed %lu, %zu bytes:\n", current.number, current.seed, current.input->n);

        /* Not safe in a handler in general; here nothing is left to be lost. */
        if (write(STDERR_FILENO, text, (size_t)n) < 0 || write(STDERR_FILENO, current.input->bytes, current.input->n) < 0)
                _exit(1);
        signal(number, SIG_DFL);
        raise(number);
}

static void run(const struct input *input)
{
        current.input = input;
        current.number++;
        LLVMFuzzerTestOneInput(input->bytes, input->n);
}

int main(int argc, char **argv)
{
        struct corpus corpus = {0};
        unsigned long mutations;
        uint64_t chance;
        int r;

        if (argc < 3) {
                fprintf(stderr, "usage: %s CORPUS MUTATIONS [SEED]\n", argv[0]);
                return 2;
        }
        mutations = strtoul(argv[2], NULL, 10);
        current.seed = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
        chance = current.seed;

        r = read_corpus(&corpus, argv[1]);
        if (r < 0 || corpus.n == 0) {
                fprintf(stderr, "%s: no seeds: %s\n", argv[1], strerror(-r));
                return 1;
        }
        signal(SIGABRT, say_where);
        for (size_t i = 0; i < corpus.n; i++)
                run(&corpus.inputs[i]);
        for (unsigned long i = 0; i < mutations; i++) {
                struct input input = corpus.inputs[below(&chance, corpus.n)];

                for (size_t left = 1 + below(&chance, CHANGES_MAX); left > 0; left--)
                        change(&input, &corpus, &chance);
                run(&input);
        }
        printf("%zu seeds and %lu inputs made of them, seed %lu\n", corpus.n, mutations, current.seed);
        free(corpus.inputs);
        return 0;
}
