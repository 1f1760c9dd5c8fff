/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Connect, read to the end, check. The socket's own time limits bound connecting (to a manager that is stopped, and has a
 * full queue) as well as reading.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "status-address.h"
#include "status-client.h"
#include "status-json.h"

/* A manager answers between two of its steps, which take milliseconds. */
#define PATIENCE_SEC 5

/* 100,000 workspaces have about 30 MB; what is far above that is no manager. */
#define ANSWER_MAX_BYTES (256u << 20)

static int connect_to(const struct status_address *address)
{
        const struct timeval patience = {.tv_sec = PATIENCE_SEC};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;

        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (connect(fd, (const struct sockaddr *)&address->name, sizeof(address->name)) < 0) {
                int r = -errno;

                close(fd);
                return r;
        }
        return fd;
}

/* Returns -EBADMSG if the bytes are no JSON, or end before it does. */
static int parse_stream(struct json_object **ret, int fd, struct json_tokener *tokener)
{
        char buffer[16384];

        for (size_t total = 0; total < ANSWER_MAX_BYTES;) {
                ssize_t n = read(fd, buffer, sizeof(buffer));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EBADMSG;

                *ret = json_tokener_parse_ex(tokener, buffer, (int)n);
                if (*ret)
                        return 0;
                if (json_tokener_get_error(tokener) != json_tokener_continue)
                        return -EBADMSG;
                total += (size_t)n;
        }
        return -EBADMSG;
}

static bool is_answer(struct json_object *document)
{
        return json_object_get_int(json_object_object_get(document, "schema")) == STATUS_SCHEMA &&
               json_object_is_type(json_object_object_get(document, "workspaces"), json_type_array);
}

static int read_answer(struct json_object **ret, int fd)
{
        struct json_object *document = NULL;
        struct json_tokener *tokener = json_tokener_new();

        if (!tokener)
                return -ENOMEM;

        int r = parse_stream(&document, fd, tokener);

        json_tokener_free(tokener);
        if (r == 0 && !is_answer(document)) {
                json_object_put(document);
                return -EBADMSG;
        }
        if (r == 0)
                *ret = document;
        return r;
}

int status_ask(struct json_object **ret, const char *state_name)
{
        struct status_address address;
        int r = status_address_open(&address, state_name);

        if (r < 0)
                return r;

        int fd = connect_to(&address);

        status_address_close(&address);
        if (fd < 0)
                return fd;
        r = read_answer(ret, fd);
        close(fd);
        return r;
}
