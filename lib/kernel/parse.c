/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * parse.c - the text of cgroup files, as numbers
 *
 * Everything is a cursor that eats bytes from the left and remembers that it stumbled; the callers look once, at the end.
 * The files of keys and values share one loop and differ in a table.
 */

#include <errno.h>
#include <string.h>

#include "kernel/parse.h"

struct cursor {
        const char *at;
        const char *end;
        bool bad; /* stumbled: whatever was eaten since means nothing */
};

static struct cursor cursor_of(const char *bytes, size_t n)
{
        return (struct cursor){.at = bytes, .end = n > 0 ? bytes + n : bytes};
}

static bool at_end(const struct cursor *c)
{
        return c->at == c->end;
}

/* 10 or more: it is none. */
static unsigned digit_of(char byte)
{
        return (unsigned)(unsigned char)byte - '0';
}

/* Printable ASCII, without the space: the bytes keys and words are made of. */
static bool is_graph(char byte)
{
        return byte > ' ' && byte < 0x7f;
}

static bool eat_if(struct cursor *c, char byte)
{
        if (at_end(c) || *c->at != byte)
                return false;
        c->at++;
        return true;
}

static void eat(struct cursor *c, char byte)
{
        if (!eat_if(c, byte))
                c->bad = true;
}

static bool eat_text_if(struct cursor *c, const char *text)
{
        size_t n = strlen(text);

        if ((size_t)(c->end - c->at) < n || memcmp(c->at, text, n) != 0)
                return false;
        c->at += n;
        return true;
}

static void eat_text(struct cursor *c, const char *text)
{
        if (!eat_text_if(c, text))
                c->bad = true;
}

/* So many digits are below 2^64 whatever they are. */
#define DIGITS_SAFE 19

/* Decimal, as printk's %llu: no sign, no leading zero, below 2^64. */
static uint64_t eat_u64(struct cursor *c)
{
        const char *first = c->at, *at = first, *safe = c->end - first < DIGITS_SAFE ? c->end : first + DIGITS_SAFE;
        uint64_t value = 0;

        for (; at != safe && digit_of(*at) < 10; at++)
                value = value * 10 + digit_of(*at);
        for (; at != c->end && digit_of(*at) < 10; at++) {
                uint64_t digit = digit_of(*at);

                if (value > (UINT64_MAX - digit) / 10)
                        c->bad = true;
                value = value * 10 + digit;
        }
        if (at == first || (*first == '0' && at - first > 1))
                c->bad = true;
        c->at = at;
        return value;
}

static uint64_t eat_limit(struct cursor *c)
{
        if (eat_text_if(c, "max"))
                return CGB_NO_LIMIT;
        return eat_u64(c);
}

/* The end of a file of one value: at most one newline, and nothing behind it. */
static int finish_value(struct cursor *c)
{
        eat_if(c, '\n');
        return c->bad || !at_end(c) ? -EBADMSG : 0;
}

/* A key of a keyed file, and the uint64_t member of the struct that its value goes to. */
struct key {
        const char *name;
        size_t offset;
        bool mandatory;
};

#define MANDATORY(type, key_name, member)                                             \
        {                                                                             \
                .name = key_name, .offset = offsetof(type, member), .mandatory = true \
        }
#define OPTIONAL(type, key_name, member)                           \
        {                                                          \
                .name = key_name, .offset = offsetof(type, member) \
        }

/* The keys already met are bits of a uint64_t. */
#define KEYS_MAX 64

static void set_member(void *record, const struct key *key, uint64_t value)
{
        memcpy((char *)record + key->offset, &value, sizeof(value));
}

/* Eats a key and the space behind it. Returns its place in the table, or n_keys for one that is not in it. */
static size_t eat_key(struct cursor *c, const struct key *keys, size_t n_keys)
{
        const char *name = c->at;
        size_t n, i;

        while (!at_end(c) && is_graph(*c->at))
                c->at++;
        n = (size_t)(c->at - name);
        if (n == 0)
                c->bad = true;
        eat(c, ' ');

        for (i = 0; i < n_keys; i++)
                if (strlen(keys[i].name) == n && memcmp(keys[i].name, name, n) == 0)
                        break;
        return i;
}

/* What follows a key that we do not know: one or more words, whatever they mean. */
static void eat_unknown_value(struct cursor *c)
{
        const char *first = c->at;

        while (!at_end(c) && (is_graph(*c->at) || *c->at == ' '))
                c->at++;
        if (c->at == first)
                c->bad = true;
}

static bool has_all_mandatory(const struct key *keys, size_t n_keys, uint64_t seen)
{
        for (size_t i = 0; i < n_keys; i++)
                if (keys[i].mandatory && !(seen & UINT64_C(1) << i))
                        return false;
        return true;
}

/* Fills the record that @keys describes. The record is the caller's own, to be thrown away on error. */
static int parse_keyed(void *record, const struct key *keys, size_t n_keys, const char *bytes, size_t n)
{
        struct cursor c = cursor_of(bytes, n);
        uint64_t seen = 0;

        for (size_t i = 0; i < n_keys; i++)
                set_member(record, &keys[i], CGB_UNKNOWN);

        while (!at_end(&c) && !c.bad) {
                size_t i = eat_key(&c, keys, n_keys);

                if (i == n_keys) {
                        eat_unknown_value(&c);
                } else {
                        if (seen & UINT64_C(1) << i)
                                return -EBADMSG;
                        seen |= UINT64_C(1) << i;
                        set_member(record, &keys[i], eat_u64(&c));
                }
                eat(&c, '\n');
        }
        return c.bad || !has_all_mandatory(keys, n_keys, seen) ? -EBADMSG : 0;
}

#define N_KEYS(keys) (sizeof(keys) / sizeof((keys)[0]))

int cgb_parse_cpu_stat(struct cgb_cpu_stat *ret, const char *bytes, size_t n)
{
        static const struct key keys[] = {
                MANDATORY(struct cgb_cpu_stat, "usage_usec", usage_usec),
                MANDATORY(struct cgb_cpu_stat, "user_usec", user_usec),
                MANDATORY(struct cgb_cpu_stat, "system_usec", system_usec),
                OPTIONAL(struct cgb_cpu_stat, "nr_periods", nr_periods),
                OPTIONAL(struct cgb_cpu_stat, "nr_throttled", nr_throttled),
                OPTIONAL(struct cgb_cpu_stat, "throttled_usec", throttled_usec),
                OPTIONAL(struct cgb_cpu_stat, "nr_bursts", nr_bursts),
                OPTIONAL(struct cgb_cpu_stat, "burst_usec", burst_usec),
        };
        struct cgb_cpu_stat stat;
        int r = parse_keyed(&stat, keys, N_KEYS(keys), bytes, n);

        if (r == 0)
                *ret = stat;
        return r;
}

int cgb_parse_usage(uint64_t *ret, const char *bytes, size_t n)
{
        struct cursor c = cursor_of(bytes, n);
        uint64_t usage_usec;

        eat_text(&c, "usage_usec ");
        usage_usec = eat_u64(&c);
        eat(&c, '\n');
        if (c.bad) {
                struct cgb_cpu_stat stat = {0};
                int r = cgb_parse_cpu_stat(&stat, bytes, n); /* in another order, or junk */

                if (r < 0)
                        return r;
                usage_usec = stat.usage_usec;
        }
        *ret = usage_usec;
        return 0;
}

int cgb_parse_memory_events(struct cgb_memory_events *ret, const char *bytes, size_t n)
{
        static const struct key keys[] = {
                MANDATORY(struct cgb_memory_events, "low", low),
                MANDATORY(struct cgb_memory_events, "high", high),
                MANDATORY(struct cgb_memory_events, "max", max),
                MANDATORY(struct cgb_memory_events, "oom", oom),
                MANDATORY(struct cgb_memory_events, "oom_kill", oom_kill),
                OPTIONAL(struct cgb_memory_events, "oom_group_kill", oom_group_kill),
        };
        struct cgb_memory_events events;
        int r = parse_keyed(&events, keys, N_KEYS(keys), bytes, n);

        if (r == 0)
                *ret = events;
        return r;
}

int cgb_parse_memory_stat(struct cgb_memory_stat *ret, const char *bytes, size_t n)
{
        static const struct key keys[] = {
                MANDATORY(struct cgb_memory_stat, "anon", anon_bytes),
                MANDATORY(struct cgb_memory_stat, "file", file_bytes),
                MANDATORY(struct cgb_memory_stat, "shmem", shmem_bytes),
                MANDATORY(struct cgb_memory_stat, "inactive_anon", inactive_anon_bytes),
                MANDATORY(struct cgb_memory_stat, "active_anon", active_anon_bytes),
                MANDATORY(struct cgb_memory_stat, "inactive_file", inactive_file_bytes),
                MANDATORY(struct cgb_memory_stat, "active_file", active_file_bytes),
                MANDATORY(struct cgb_memory_stat, "unevictable", unevictable_bytes),
                OPTIONAL(struct cgb_memory_stat, "slab_reclaimable", slab_reclaimable_bytes),
                OPTIONAL(struct cgb_memory_stat, "workingset_refault_anon", workingset_refault_anon),
                OPTIONAL(struct cgb_memory_stat, "workingset_refault_file", workingset_refault_file),
                OPTIONAL(struct cgb_memory_stat, "workingset_activate_anon", workingset_activate_anon),
                OPTIONAL(struct cgb_memory_stat, "workingset_activate_file", workingset_activate_file),
                OPTIONAL(struct cgb_memory_stat, "workingset_restore_anon", workingset_restore_anon),
                OPTIONAL(struct cgb_memory_stat, "workingset_restore_file", workingset_restore_file),
                OPTIONAL(struct cgb_memory_stat, "pgsteal", pgsteal),
        };
        _Static_assert(N_KEYS(keys) <= KEYS_MAX, "the largest table has a bit for each key");
        struct cgb_memory_stat stat;
        int r = parse_keyed(&stat, keys, N_KEYS(keys), bytes, n);

        if (r == 0)
                *ret = stat;
        return r;
}

int cgb_parse_cgroup_events(struct cgb_cgroup_events *ret, const char *bytes, size_t n)
{
        static const struct key keys[] = {
                MANDATORY(struct cgb_cgroup_events, "populated", populated),
                OPTIONAL(struct cgb_cgroup_events, "frozen", frozen),
        };
        struct cgb_cgroup_events events;
        int r = parse_keyed(&events, keys, N_KEYS(keys), bytes, n);

        if (r < 0)
                return r;
        if (events.populated > 1 || (events.frozen > 1 && events.frozen != CGB_UNKNOWN))
                return -EBADMSG;
        *ret = events;
        return 0;
}

/* "12.34" is 1234; the kernel always prints two decimals. */
static uint32_t eat_permyriad(struct cursor *c)
{
        uint64_t whole = eat_u64(c);
        uint32_t hundredths = 0;

        eat(c, '.');
        for (int i = 0; i < 2; i++) {
                if (at_end(c) || digit_of(*c->at) >= 10) {
                        c->bad = true;
                        return 0;
                }
                hundredths = hundredths * 10 + (uint32_t)(*c->at++ - '0');
        }
        if (whole > UINT32_MAX / 100 - 1)
                c->bad = true;
        return c->bad ? 0 : (uint32_t)whole * 100 + hundredths;
}

static struct cgb_pressure_line eat_pressure_line(struct cursor *c)
{
        struct cgb_pressure_line line;

        eat_text(c, " avg10=");
        line.avg10_permyriad = eat_permyriad(c);
        eat_text(c, " avg60=");
        line.avg60_permyriad = eat_permyriad(c);
        eat_text(c, " avg300=");
        line.avg300_permyriad = eat_permyriad(c);
        eat_text(c, " total=");
        line.total_usec = eat_u64(c);
        eat(c, '\n');
        return line;
}

int cgb_parse_pressure(struct cgb_pressure *ret, const char *bytes, size_t n)
{
        struct cgb_pressure pressure = {.full.total_usec = CGB_UNKNOWN};
        struct cursor c = cursor_of(bytes, n);

        eat_text(&c, "some");
        pressure.some = eat_pressure_line(&c);
        if (eat_text_if(&c, "full"))
                pressure.full = eat_pressure_line(&c);
        while (!at_end(&c) && !c.bad) {
                /* A third line would be news: any line but the two that we know, which come once. */
                size_t known = eat_key(&c, (const struct key[]){{.name = "some"}, {.name = "full"}}, 2);

                if (known < 2)
                        return -EBADMSG;
                eat_unknown_value(&c);
                eat(&c, '\n');
        }
        if (c.bad)
                return -EBADMSG;
        *ret = pressure;
        return 0;
}

int cgb_parse_u64(uint64_t *ret, const char *bytes, size_t n)
{
        struct cursor c = cursor_of(bytes, n);
        uint64_t value = eat_u64(&c);
        int r = finish_value(&c);

        if (r == 0)
                *ret = value;
        return r;
}

int cgb_parse_limit(uint64_t *ret, const char *bytes, size_t n)
{
        struct cursor c = cursor_of(bytes, n);
        uint64_t value = eat_limit(&c);
        int r = finish_value(&c);

        if (r == 0)
                *ret = value;
        return r;
}

int cgb_parse_weight(uint32_t *ret, const char *bytes, size_t n)
{
        uint64_t value;
        int r = cgb_parse_u64(&value, bytes, n);

        if (r < 0)
                return r;
        if (value < CGB_WEIGHT_MIN || value > CGB_WEIGHT_MAX)
                return -EBADMSG;
        *ret = (uint32_t)value;
        return 0;
}

int cgb_parse_cpu_max(struct cgb_cpu_max *ret, const char *bytes, size_t n)
{
        struct cursor c = cursor_of(bytes, n);
        struct cgb_cpu_max max;
        int r;

        max.quota_usec = eat_limit(&c);
        eat(&c, ' ');
        max.period_usec = eat_u64(&c);
        r = finish_value(&c);
        if (r < 0)
                return r;
        if (max.quota_usec == 0 || max.period_usec == 0)
                return -EBADMSG;
        *ret = max;
        return 0;
}

/* One CPU, or first-last. Returns how many; *next is the lowest number that may follow. */
static uint64_t eat_cpu_range(struct cursor *c, uint64_t *next)
{
        uint64_t first = eat_u64(c);
        uint64_t last = eat_if(c, '-') ? eat_u64(c) : first;

        if (first < *next || last < first || last >= CGB_CPUS_MAX) {
                c->bad = true;
                return 0;
        }
        *next = last + 1;
        return last - first + 1;
}

int cgb_parse_cpu_list_count(uint32_t *ret, const char *bytes, size_t n)
{
        struct cursor c = cursor_of(bytes, n);
        uint64_t count = 0, next = 0;
        int r;

        if (!at_end(&c) && *c.at != '\n') {
                do
                        count += eat_cpu_range(&c, &next);
                while (eat_if(&c, ','));
        }
        r = finish_value(&c);
        if (r == 0)
                *ret = (uint32_t)count;
        return r;
}

bool cgb_list_has_word(const char *bytes, size_t n, const char *word)
{
        size_t length = strlen(word);

        for (size_t i = 0; i < n;) {
                size_t first = i;

                while (i < n && bytes[i] != ' ' && bytes[i] != '\n')
                        i++;
                if (length > 0 && i - first == length && memcmp(bytes + first, word, length) == 0)
                        return true;
                i++;
        }
        return false;
}
