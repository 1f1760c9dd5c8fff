/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hard idea: a document of 10,000 workspaces has megabytes, more than a socket takes at once. It is made once per
 * visit to the loop, however many ask, and each client holds a reference to it and a position in it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "status-address.h"
#include "status-json.h"
#include "status-server.h"

/* A client reads from memory to memory; one that needs this long is stopped or means no good. */
#define CLIENT_PATIENCE_MSEC 2000

/* When accept() fails for want of fds the caller would come back at once, for ever; so the door stays shut that long. */
#define SHUT_MSEC 1000

struct client {
        int fd; /* -1: this place is free */
        struct json_object *document;
        size_t sent_bytes;
        int64_t deadline_msec;
};

struct status_server {
        struct status_address address;
        int fd;
        int64_t shut_until_msec;
        struct client clients[STATUS_CLIENTS_MAX];
};

static int64_t now_msec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* -EADDRINUSE if somebody accepts, or has a full queue; 0 if the name is free now. */
static int remove_dead_socket(const struct status_address *address)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;

        int r = connect(fd, (const struct sockaddr *)&address->name, sizeof(address->name)) < 0 ? -errno : 0;
        close(fd);
        if (r == 0 || r == -EAGAIN)
                return -EADDRINUSE;
        if (r == -ECONNREFUSED)
                return unlink(address->name.sun_path) < 0 ? -errno : 0;
        return r == -ENOENT ? 0 : r;
}

static int listen_at(int fd, const struct status_address *address)
{
        const char *path = address->name.sun_path;

        if (bind(fd, (const struct sockaddr *)&address->name, sizeof(address->name)) < 0)
                return -errno;
        if (chmod(path, 0666) < 0 || listen(fd, STATUS_CLIENTS_MAX) < 0) {
                int r = -errno;

                unlink(path);
                return r;
        }
        return 0;
}

static int make_listener(const struct status_address *address)
{
        int r = remove_dead_socket(address);
        if (r < 0)
                return r;

        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;

        r = listen_at(fd, address);
        if (r < 0) {
                close(fd);
                return r;
        }
        return fd;
}

int status_server_open(struct status_server **ret, const char *state_name)
{
        struct status_server *server = calloc(1, sizeof(*server));
        if (!server)
                return -ENOMEM;

        int r = status_address_open(&server->address, state_name);
        if (r < 0) {
                free(server);
                return r;
        }
        server->fd = make_listener(&server->address);
        if (server->fd < 0) {
                r = server->fd;
                status_address_close(&server->address);
                free(server);
                return r;
        }
        for (size_t i = 0; i < STATUS_CLIENTS_MAX; i++)
                server->clients[i].fd = -1;
        *ret = server;
        return 0;
}

static void drop(struct client *client)
{
        close(client->fd);
        json_object_put(client->document);
        *client = (struct client){.fd = -1};
}

struct status_server *status_server_close(struct status_server *server)
{
        if (!server)
                return NULL;

        for (size_t i = 0; i < STATUS_CLIENTS_MAX; i++)
                if (server->clients[i].fd >= 0)
                        drop(&server->clients[i]);
        unlink(server->address.name.sun_path);
        close(server->fd);
        status_address_close(&server->address);
        free(server);
        return NULL;
}

static void lower_timeout(int *timeout_msec, int64_t wait_msec)
{
        if (wait_msec < 0)
                wait_msec = 0;
        if (*timeout_msec < 0 || wait_msec < *timeout_msec)
                *timeout_msec = (int)wait_msec;
}

size_t status_server_prepare(const struct status_server *server, struct pollfd *fds, int *timeout_msec)
{
        size_t n = 0;

        for (size_t i = 0; i < STATUS_CLIENTS_MAX; i++) {
                const struct client *client = &server->clients[i];

                if (client->fd < 0)
                        continue;
                fds[n++] = (struct pollfd){.fd = client->fd, .events = POLLOUT};
                lower_timeout(timeout_msec, client->deadline_msec - now_msec());
        }

        if (server->shut_until_msec > now_msec())
                lower_timeout(timeout_msec, server->shut_until_msec - now_msec());
        else if (n < STATUS_CLIENTS_MAX)
                fds[n++] = (struct pollfd){.fd = server->fd, .events = POLLIN};
        return n;
}

/* Sends what the socket takes; ends with the client when all is sent, or it left. */
static void send_more(struct client *client)
{
        size_t length;
        const char *text = json_object_to_json_string_length(client->document, JSON_C_TO_STRING_PLAIN, &length);

        while (text && client->sent_bytes < length) {
                ssize_t n = send(
                        client->fd, text + client->sent_bytes, length - client->sent_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0)
                        break;
                client->sent_bytes += (size_t)n;
        }
        drop(client);
}

static struct client *find_free(struct status_server *server)
{
        for (size_t i = 0; i < STATUS_CLIENTS_MAX; i++)
                if (server->clients[i].fd < 0)
                        return &server->clients[i];
        return NULL;
}

/* Returns false when nobody waits, or there is no place left. */
static bool accept_one(struct status_server *server, struct json_object *document)
{
        struct client *client = find_free(server);
        if (!client)
                return false;

        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
                if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                        server->shut_until_msec = now_msec() + SHUT_MSEC;
                return false;
        }

        *client = (struct client){
                .fd = fd,
                .document = json_object_get(document),
                .deadline_msec = now_msec() + CLIENT_PATIENCE_MSEC,
        };
        send_more(client);
        return true;
}

/* Not more than there are places in one visit, so that a flood of quick clients cannot hold the manager here. */
static void accept_some(struct status_server *server, const struct cgb *cgb)
{
        struct json_object *document;

        if (status_json_new(&document, cgb) < 0) {
                server->shut_until_msec = now_msec() + SHUT_MSEC;
                return;
        }
        for (size_t i = 0; i < STATUS_CLIENTS_MAX && accept_one(server, document); i++)
                ;
        json_object_put(document);
}

static short events_of(int fd, const struct pollfd *fds, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (fds[i].fd == fd)
                        return fds[i].revents;
        return 0;
}

void status_server_handle(struct status_server *server, const struct pollfd *fds, size_t n, const struct cgb *cgb)
{
        for (size_t i = 0; i < STATUS_CLIENTS_MAX; i++) {
                struct client *client = &server->clients[i];

                if (client->fd >= 0 && events_of(client->fd, fds, n))
                        send_more(client);
                if (client->fd >= 0 && now_msec() >= client->deadline_msec)
                        drop(client);
        }
        if (events_of(server->fd, fds, n))
                accept_some(server, cgb);
}
