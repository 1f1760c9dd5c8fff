/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A trace from a file: the whole text into memory, decompressed if it begins as xz does, then line by line. What is wrong is
 * told with file and line, what was wanted, and what was found.
 */

#include <errno.h>
#include <lzma.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "trace.h"

#define HEADER "arrival_sec,workspace,kind,cpu_sec,parallelism,memory_bytes"
#define N_COLUMNS 6

#define SECONDS_MAX 1e9      /* thirty years */
#define PARALLELISM_MAX 8192 /* the most CPUs a kernel can be built for */
#define MEMORY_MAX 9e15      /* whole numbers in a double */
#define NAME_MAX_BYTES 255   /* of a directory entry */

#define READ_SIZE ((size_t)1 << 20)

struct text {
        char *bytes; /* ends with a zero byte that is not counted */
        size_t n;
        size_t room;
};

static int text_grow(struct text *text)
{
        size_t room = text->room ? 2 * text->room : READ_SIZE;
        char *bytes = realloc(text->bytes, room + 1);

        if (!bytes)
                return -ENOMEM;
        text->bytes = bytes;
        text->room = room;
        return 0;
}

static int read_whole(struct text *ret, const char *path)
{
        FILE *file = fopen(path, "re");
        int error = 0;

        if (!file)
                return complain(-errno, "%s", path);
        do {
                error = ret->n == ret->room ? text_grow(ret) : 0;
                if (error == 0)
                        ret->n += fread(ret->bytes + ret->n, 1, ret->room - ret->n, file);
                if (error == 0 && ferror(file))
                        error = -errno;
        } while (error == 0 && !feof(file));
        fclose(file);
        if (error < 0)
                return complain(error, "%s", path);
        ret->bytes[ret->n] = 0;
        return 0;
}

static bool is_xz(const struct text *text)
{
        return text->n >= 6 && !memcmp(text->bytes,
                                       "\xfd"
                                       "7zXZ",
                                       6);
}

static const char *lzma_reason(lzma_ret ret)
{
        switch (ret) {
        case LZMA_MEM_ERROR:
                return "out of memory";
        case LZMA_BUF_ERROR:
                return "it ends too early: was it copied whole?";
        default:
                return "it is damaged: xz --test tells more";
        }
}

/* @return LZMA_STREAM_END if all went well */
static lzma_ret decode(lzma_stream *stream, struct text *out)
{
        lzma_ret ret = LZMA_OK;

        while (ret == LZMA_OK) {
                if (out->n == out->room && text_grow(out) < 0)
                        return LZMA_MEM_ERROR;
                stream->next_out = (uint8_t *)out->bytes + out->n;
                stream->avail_out = out->room - out->n;
                ret = lzma_code(stream, LZMA_FINISH);
                out->n = out->room - stream->avail_out;
        }
        return ret;
}

static int decompress(struct text *text, const char *path)
{
        lzma_stream stream = LZMA_STREAM_INIT;
        struct text out = {0};
        lzma_ret ret = lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED);

        stream.next_in = (const uint8_t *)text->bytes;
        stream.avail_in = text->n;
        if (ret == LZMA_OK)
                ret = decode(&stream, &out);
        lzma_end(&stream);
        if (ret != LZMA_STREAM_END) {
                free(out.bytes);
                return complain(-EBADMSG, "%s: cannot be decompressed, %s", path, lzma_reason(ret));
        }
        out.bytes[out.n] = 0;
        free(text->bytes);
        *text = out;
        return 0;
}

/* Where the reader is. */
struct place {
        struct trace *trace;
        const char *path;
        size_t line;
};

static int bad(const struct place *place, const char *column, const char *found, const char *wanted)
{
        return complain(-EINVAL, "%s:%zu: %s is \"%.40s\"; wants %s", place->path, place->line, column, found, wanted);
}

/* A number from @min to @max, and nothing after it. */
static int parse_number(const struct place *place, const char *column, const char *text, double min, double max, double *ret)
{
        char wanted[80], *end;
        double number = strtod(text, &end);

        if (end != text && !*end && number >= min && number <= max) {
                *ret = number;
                return 0;
        }
        snprintf(wanted, sizeof(wanted), "a number from %g to %g", min, max);
        return bad(place, column, text, wanted);
}

static int parse_whole_number(
        const struct place *place, const char *column, const char *text, double min, double max, double *ret)
{
        int error = parse_number(place, column, text, min, max, ret);

        if (error == 0 && *ret != floor(*ret))
                return bad(place, column, text, "a whole number");
        return error;
}

static int parse_workspace(const struct place *place, const char *name, uint32_t *ret)
{
        int number;

        if (!*name || strlen(name) > NAME_MAX_BYTES)
                return bad(place, "workspace", name, "a name of 1 to 255 bytes");
        number = trace_workspace(place->trace, name);
        if (number < 0)
                return complain(number, "%s:%zu", place->path, place->line);
        *ret = (uint32_t)number;
        return 0;
}

static int parse_kind(const struct place *place, const char *name, uint32_t *ret)
{
        int number = *name ? trace_kind(place->trace, name) : -EINVAL;

        if (number < 0)
                return bad(place, "kind", name, "a word of 1 to 15 bytes, and at most 16 different ones");
        *ret = (uint32_t)number;
        return 0;
}

/* Cuts a line at its commas. @return how many columns there are */
static size_t split(char *line, char *columns[N_COLUMNS])
{
        size_t n = 0;

        for (char *at = line; at; n++) {
                char *comma = strchr(at, ',');

                if (comma)
                        *comma++ = 0;
                if (n < N_COLUMNS)
                        columns[n] = at;
                at = comma;
        }
        return n;
}

static int check_order(const struct place *place, const struct trace_job *job)
{
        const struct trace *trace = place->trace;

        if (trace->n_jobs > 0 && job->arrival_sec < trace->jobs[trace->n_jobs - 1].arrival_sec)
                return complain(-EINVAL, "%s:%zu: arrives at %g, before the line above it; sort the lines by arrival",
                        place->path, place->line, job->arrival_sec);
        return 0;
}

static int parse_columns(const struct place *place, char *columns[N_COLUMNS], struct trace_job *job)
{
        double memory;
        int error;

        error = parse_number(place, "arrival_sec", columns[0], 0, SECONDS_MAX, &job->arrival_sec);
        if (error == 0)
                error = parse_workspace(place, columns[1], &job->workspace);
        if (error == 0)
                error = parse_kind(place, columns[2], &job->kind);
        if (error == 0)
                error = parse_number(place, "cpu_sec", columns[3], 1e-6, SECONDS_MAX, &job->cpu_sec);
        if (error == 0)
                error = parse_whole_number(place, "parallelism", columns[4], 1, PARALLELISM_MAX, &job->parallelism);
        if (error == 0)
                error = parse_whole_number(place, "memory_bytes", columns[5], 0, MEMORY_MAX, &memory);
        if (error == 0)
                job->memory_bytes = (uint64_t)memory;
        return error;
}

static int parse_line(const struct place *place, char *line)
{
        struct trace_job job = {.stop_sec = INFINITY};
        char *columns[N_COLUMNS];
        size_t n = split(line, columns);
        int error;

        if (n != N_COLUMNS)
                return complain(-EINVAL, "%s:%zu: has %zu columns; wants %s", place->path, place->line, n, HEADER);
        error = parse_columns(place, columns, &job);
        if (error == 0)
                error = check_order(place, &job);
        if (error == 0 && trace_add(place->trace, &job) < 0)
                error = complain(-ENOMEM, "%s:%zu", place->path, place->line);
        return error;
}

static char *cut_line(char **rest)
{
        char *line = strsep(rest, "\n");
        size_t n = line ? strlen(line) : 0;

        if (n > 0 && line[n - 1] == '\r')
                line[n - 1] = 0;
        return line;
}

static int parse_text(struct trace *trace, const char *path, char *text)
{
        struct place place = {.trace = trace, .path = path, .line = 1};
        char *line = cut_line(&text);
        int error = 0;

        if (!line || strcmp(line, HEADER) != 0)
                return bad(&place, "the first line", line ? line : "", HEADER);
        while (error == 0 && (line = cut_line(&text))) {
                place.line++;
                if (*line)
                        error = parse_line(&place, line);
        }
        if (error == 0 && trace->n_jobs == 0)
                return complain(-EINVAL, "%s:%zu: has no jobs; wants a line for each under its header", path, place.line);
        return error;
}

/* "some/folder/devday.csv.xz" is devday. */
static char *short_name(const char *path)
{
        const char *slash = strrchr(path, '/');
        const char *base = slash ? slash + 1 : path;
        size_t n = strcspn(base, ".");

        return strndup(base, n ? n : strlen(base));
}

int trace_read(struct trace *ret, const char *path)
{
        struct trace trace = {.name = short_name(path)};
        struct text text = {0};
        int error = read_whole(&text, path);

        if (error == 0 && is_xz(&text))
                error = decompress(&text, path);
        if (error == 0 && memchr(text.bytes, 0, text.n))
                error = complain(-EINVAL, "%s: is not text; wants CSV, plain or compressed by xz", path);
        if (error == 0)
                error = parse_text(&trace, path, text.bytes);
        free(text.bytes);
        if (error < 0)
                trace_free(&trace);
        else
                *ret = trace;
        return error;
}
