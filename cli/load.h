/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of udmabuf load and udmabuf fetch share: load.c -> load_input.c,
 * load_serve.c; both verbs -> load_show.c, load_env.c.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include <libudmabuf-load.h>

#include "cli.h"

/* More words than that are more than a shell's line is for. */
#define LOAD_FILES	1024

/**
 * struct load_opts - what the caller said
 * @direct: auto, require or never.
 * @engine: auto, uring or threads.
 * @block: bytes of a read.
 * @depth: reads under way.
 * @hugetlb: 2M or 1G.
 * @small: small pages.
 * @exact: these pages or none.
 * @split: several buffers where there is a limit.
 * @use_cache: read what is cached from there.
 * @hash: xxh3 or sha256.
 * @check: file of SHA-256 sums.
 * @range: piece of the file.
 * @tensor: pattern of names.
 * @bench: measure the disk first.
 * @name: of the buffer.
 * @memfd: no driver is needed.
 * @device: node of the driver.
 * @serve: socket for those who want it, too.
 * @allow: who they may be.
 * @mode: permissions of the socket.
 * @writable: they may write.
 * @clients: of these, at a time.
 * @timeout: what one of them may take.
 * @verbose: tell of each.
 * @once: do not hold the buffer.
 * @quiet: say nothing.
 * @json: say it as JSON.
 * @exec: command that gets the buffer.
 */
struct load_opts {
	const char *direct;
	const char *engine;
	uint64_t block;
	unsigned int depth;
	const char *hugetlb;
	bool small;
	bool exact;
	bool split;
	bool use_cache;
	const char *hash;
	const char *check;
	const char *range;
	const char *tensor;
	bool bench;
	const char *name;
	bool memfd;
	const char *device;
	const char *serve;
	const char *allow;
	const char *mode;
	bool writable;
	unsigned int clients;
	double timeout;
	bool verbose;
	bool once;
	bool quiet;
	bool json;
	char **exec;
};

/**
 * struct load - a load, from the words to the buffer
 * @opts: what the caller said.
 * @words: files, as the caller said.
 * @nr_words: how many.
 * @files: the same, but those that an index names in place of it.
 * @nr_files: how many.
 * @sources: what to load.
 * @nr_sources: how many.
 * @room: for how many there is memory.
 * @sums: wanted checksums, 32 bytes for each file, or NULL.
 * @tables: of tensors, one for each file, with --tensor.
 * @nr_tables: how many.
 * @glob: which tensors are told of; NULL: all.
 * @server: for those who want it, too.
 * @dev: the driver.
 * @loaded: the result.
 * @report: what it cost.
 * @speed: what the disk can do; no bytes: it is not known.
 * @measuring: that is what is going on.
 * @progress: how far it is.
 * @next_line_ns: when that is to be said again, where no bar can be drawn.
 */
struct load {
	const struct load_opts *opts;
	const char *const *words;
	size_t nr_words;
	const char **files;
	size_t nr_files;
	struct udb_load_source *sources;
	size_t nr_sources;
	size_t room;
	uint8_t *sums;
	const struct udb_load_tensors **tables;
	size_t nr_tables;
	const char *glob;
	struct udb_load_server *server;
	struct udb_device *dev;
	struct udb_load *loaded;
	struct udb_load_report report;
	struct udb_load_speed speed;
	bool measuring;
	struct cli_progress progress;
	uint64_t next_line_ns;
};

/* load_input.c */
int load_input(struct load *load);
void load_input_end(struct load *load);

/* load_show.c */
void load_show_speed(struct load *load);
int load_show_progress(void *data, const struct udb_load_progress *progress);
void load_show_text(const struct load *load);
void load_show_json(const struct load *load);
struct json_object;
void load_add_layout(const struct load *load, struct json_object *object,
		     const int *fds);
void load_add_loaded(const struct load *load, struct json_object *object);

/* load_env.c */
int load_exec(const struct load *load, char **command);

/* load_serve.c */
int load_serve_open(struct load *load);
int load_serve(const struct load *load);
int load_serve_judge(const struct load_opts *opts);

#endif /* CLI_LOAD_H */
