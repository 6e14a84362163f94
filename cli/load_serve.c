// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf load --serve: what was loaded, for each program that asks for it.
 */
#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

/* What is said, as far as it is long. */
#define SERVE_NO_EXEC	"--serve and --exec exclude each other"
#define SERVE_NO_SERVE	"--allow, --mode, --writable, --clients, --timeout and " \
			"--verbose are for --serve"
#define SERVE_BAD_MODE	"--mode is '%s', and should be permissions such as 660"
#define SERVE_NO_SUCH	"--allow: there is no %s '%s'"
#define SERVE_SEVERAL	"LISTEN_FDS names several sockets: give this program one"

/* Who may have it, as the library wants that. */
struct serve_allow {
	uint32_t *uids;
	uint32_t *gids;
	size_t nr_uids;
	size_t nr_gids;
	bool all;
};

/**
 * load_serve_judge() - whether options are right
 * @opts: what the caller said.
 *
 * Return: %CLI_GO_ON or an exit status.
 */
int load_serve_judge(const struct load_opts *opts)
{
	char *end;

	if (!opts->serve)
		return opts->allow || opts->mode || opts->writable ||
				       opts->clients || opts->timeout > 0 ||
				       opts->verbose ?
			       cli_misuse(SERVE_NO_SERVE) :
			       CLI_GO_ON;
	if (opts->exec)
		return cli_misuse(SERVE_NO_EXEC);
	if (opts->once)
		return cli_misuse("--serve and --once exclude each other");
	if (opts->clients > 1024)
		return cli_misuse("--clients is above 1024");
	if (opts->timeout > 3600)
		return cli_misuse("--timeout is above 3600");
	if (opts->mode &&
	    (strspn(opts->mode, "01234567") != strlen(opts->mode) ||
	     !strtoul(opts->mode, &end, 8) ||
	     strtoul(opts->mode, &end, 8) > 0777))
		return cli_misuse(SERVE_BAD_MODE, opts->mode);
	return CLI_GO_ON;
}

/* A number needs no entry in a list of users or groups. */
static bool serve_number(const char *word, uint32_t *id)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || errno || value >= UINT32_MAX)
		return false;
	*id = value;
	return true;
}

static bool serve_user(const char *word, uint32_t *id)
{
	const struct passwd *user = getpwnam(word);

	if (user)
		*id = user->pw_uid;
	return user || serve_number(word, id);
}

static bool serve_group(const char *word, uint32_t *id)
{
	const struct group *group = getgrnam(word);

	if (group)
		*id = group->gr_gid;
	return group || serve_number(word, id);
}

static int serve_allow_word(struct serve_allow *allow, const char *word)
{
	if (!strcmp(word, "all")) {
		allow->all = true;
	} else if (word[0] == '@') {
		if (!serve_group(word + 1, &allow->gids[allow->nr_gids++]))
			return cli_misuse(SERVE_NO_SUCH, "group", word + 1);
	} else if (!serve_user(word, &allow->uids[allow->nr_uids++])) {
		return cli_misuse(SERVE_NO_SUCH, "user", word);
	}
	return CLI_GO_ON;
}

static int serve_allow_parse(struct serve_allow *allow, const char *text)
{
	char *words, *word, *rest;
	int ret = CLI_GO_ON;

	if (!text)
		return ret;
	allow->uids = cli_alloc((strlen(text) + 1) * sizeof(*allow->uids));
	allow->gids = cli_alloc((strlen(text) + 1) * sizeof(*allow->gids));
	words = cli_strdup(text);
	rest = words;
	while (ret == CLI_GO_ON && (word = strsep(&rest, ",")))
		ret = serve_allow_word(allow, word);
	free(words);
	return ret;
}

static void serve_event_json(const struct udb_load_event *event,
			     const char *result)
{
	struct json_object *object = json_object_new_object();

	cli_json_text(object, "event", "client");
	cli_json_text(object, "result", result);
	cli_json_number(object, "pid", event->pid);
	cli_json_number(object, "uid", event->uid);
	if (event->error)
		cli_json_text(object, "error", strerror(-event->error));
	cli_json_number(object, "handed", event->handed);
	cli_json_print(object, true);
}

static void serve_event(void *data, const struct udb_load_event *event)
{
	static const char *const results[] = {
		[UDB_LOAD_EVENT_HANDED] = "handed",
		[UDB_LOAD_EVENT_REFUSED] = "refused",
		[UDB_LOAD_EVENT_FAILED] = "failed",
	};
	const struct load *load = data;

	if (load->opts->json)
		serve_event_json(event, results[event->kind]);
	if (load->opts->verbose)
		cli_note("process %d of user %u: %s%s%s, %llu so far",
			 event->pid, event->uid, results[event->kind],
			 event->error ? ": " : "",
			 event->error ? strerror(-event->error) : "",
			 (unsigned long long)event->handed);
}

static int serve_socket(struct udb_load_server_opts *opts)
{
	int fd = cli_listen_fd();

	if (fd == -E2BIG)
		return cli_fail(SERVE_SEVERAL);
	if (fd < 0)
		return CLI_GO_ON;
	opts->flags |= UDB_LOAD_SERVER_SOCKET;
	opts->socket = fd;
	return CLI_GO_ON;
}

static int serve_open(struct load *load, const struct serve_allow *allow)
{
	const struct load_opts *opts = load->opts;
	struct udb_load_failure why = { .struct_size = sizeof(why) };
	struct udb_load_server_opts server = {
		.struct_size = sizeof(server),
		.uids = allow->uids,
		.gids = allow->gids,
		.nr_uids = allow->nr_uids,
		.nr_gids = allow->nr_gids,
		.event = serve_event,
		.data = load,
		.flags = (allow->all ? UDB_LOAD_SERVER_ANYBODY : 0) |
			 (opts->writable ? UDB_LOAD_SERVER_WRITABLE : 0),
		.mode = opts->mode ? strtoul(opts->mode, NULL, 8) : 0,
		.max_clients = opts->clients,
		.timeout_ms = (uint32_t)(opts->timeout * 1000),
	};
	char text[sizeof(why.text)];
	int ret = serve_socket(&server);

	if (ret != CLI_GO_ON)
		return ret;
	/* from now on there is something to be removed in the end */
	cli_hold_begin();
	if (!udb_load_server_new(opts->serve, &server, &why, &load->server))
		return CLI_GO_ON;
	cli_clean(text, sizeof(text), why.text);
	return cli_fail("%s", text);
}

/**
 * load_serve_open() - have a socket, before what is served is loaded
 * @load: a load with --serve; receives a server.
 *
 * Return: %CLI_GO_ON or an exit status.
 */
int load_serve_open(struct load *load)
{
	struct serve_allow allow = { 0 };
	int ret = serve_allow_parse(&allow, load->opts->allow);

	if (ret == CLI_GO_ON)
		ret = serve_open(load, &allow);
	free(allow.uids);
	free(allow.gids);
	return ret;
}

static void serve_say(const struct load *load)
{
	struct json_object *object;
	char text[256];

	if (load->opts->json) {
		object = json_object_new_object();
		cli_json_text(object, "event", "serving");
		cli_clean(text, sizeof(text), load->opts->serve);
		cli_json_text(object, "socket", text);
		cli_json_number(object, "pid", getpid());
		load_add_loaded(load, object);
		cli_json_print(object, true);
	} else if (!load->opts->quiet) {
		load_show_text(load);
		printf("served at %s\n", load->opts->serve);
		fflush(stdout);
	}
	cli_notify("READY=1");
}

/* Signals are blocked, and it is this thread that takes one. */
static void *serve_until_signal(void *server)
{
	cli_hold(false);
	udb_load_server_stop(server);
	return NULL;
}

/* A reader of what is said here who has gone is no reason to end. */
static int serve_run(const struct load *load)
{
	pthread_t thread;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	ret = pthread_create(&thread, NULL, serve_until_signal, load->server);
	if (ret)
		return -ret;
	ret = udb_load_server_run(load->server, -1);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	return ret;
}

/**
 * load_serve() - hand out what was loaded until a signal comes
 * @load: a load with a server.
 *
 * Return: an exit status.
 */
int load_serve(const struct load *load)
{
	int ret = udb_load_server_offer(load->server, load->loaded,
					load->tables, load->nr_tables);

	if (ret)
		return cli_fail("cannot serve that: %s", strerror(-ret));
	serve_say(load);
	ret = serve_run(load);
	cli_notify("STOPPING=1");
	return ret ? cli_fail("cannot serve any more: %s", strerror(-ret)) :
		     CLI_DONE;
}
