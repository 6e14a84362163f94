/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the command share.
 *
 * Who calls whom: main.c -> a verb, which is a file NAME.c, or NAME.c and NAME_*.c
 * with a header NAME.h -> the helpers below. The command is one thread, so there
 * are no locks (load_serve.c has another one, which waits for a signal and does no
 * more). Of the system it knows the library (libudmabuf.h) and files, which
 * it finds through fs.c.
 */
#ifndef CLI_H
#define CLI_H

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit statuses that all verbs have; the manual pages name further ones. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_UNUSABLE = 3, /* info: no buffers can be had */
};

/* verbs: each gets its own arguments, argv[0] is its name */
int cli_bench(int argc, char **argv);
int cli_create(int argc, char **argv);
int cli_fetch(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_load(int argc, char **argv);
int cli_ls(int argc, char **argv);
int cli_takeover(int argc, char **argv);
int cli_tensors(int argc, char **argv);

/*
 * say.c: one line on standard error, which begins with the name of the verb
 */
void cli_set_verb(const char *name);
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_print_version(void);

/**
 * enum cli_kind - what an option takes, and what that becomes
 * @CLI_FLAG: nothing; a bool.
 * @CLI_TEXT: a word; a const char pointer.
 * @CLI_NUMBER: a whole number above 0; an unsigned int.
 * @CLI_SIZE: bytes above 0; a uint64_t.
 * @CLI_SECONDS: a number above 0; a double.
 * @CLI_MAYBE_SECONDS: the same, or nothing, which is 1 second.
 * @CLI_REST: all arguments that are left; a pointer to char pointers.
 */
enum cli_kind {
	CLI_FLAG,
	CLI_TEXT,
	CLI_NUMBER,
	CLI_SIZE,
	CLI_SECONDS,
	CLI_MAYBE_SECONDS,
	CLI_REST,
};

/**
 * struct cli_option - an option of a verb
 * @name: without the two dashes; NULL ends a table.
 * @kind: what it takes.
 * @offset: where in the verb's structure of options its value goes.
 * @value: what to call the value in the help.
 * @help: a line.
 */
struct cli_option {
	const char *name;
	enum cli_kind kind;
	size_t offset;
	const char *value;
	const char *help;
};

/**
 * struct cli_usage - how to call a verb
 * @synopsis: what follows the verb.
 * @about: some lines.
 * @options: a table; --help and --version belong to all.
 * @words: how many arguments besides options there may be.
 * @exits: lines about exit statuses.
 */
struct cli_usage {
	const char *synopsis;
	const char *about;
	const struct cli_option *options;
	unsigned int words;
	const char *exits;
};

/* The verb goes on: not an exit status. */
#define CLI_GO_ON	(-1)

/* options.c */
int cli_parse(const struct cli_usage *usage, int argc, char **argv, void *opts,
	      const char **words);

/*
 * text.c: sizes and names, for people. What somebody else has chosen as a name may
 * hold anything, and must not reach a terminal as it is.
 */
#define CLI_SIZE_TEXT	24
bool cli_size_parse(const char *text, uint64_t *size);
const char *cli_size_text(char to[CLI_SIZE_TEXT], uint64_t size);
void cli_clean(char *to, size_t size, const char *from);
size_t cli_width(const char *text);
bool cli_copy(char *to, size_t size, const char *from);

/* term.c */
enum cli_colour { CLI_PLAIN, CLI_BOLD, CLI_RED, CLI_GREEN, CLI_YELLOW };

bool cli_term_is(FILE *file);
void cli_term_begin(FILE *file, enum cli_colour colour);
void cli_term_end(FILE *file, enum cli_colour colour);
void cli_term_print(FILE *file, enum cli_colour colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cli_term_home(FILE *file);

/**
 * struct cli_progress - how far something is, on standard error
 * @quiet: nothing is shown.
 * @terminal: a bar that is drawn again and again; else a line per step.
 * @drawn: a bar is there.
 */
struct cli_progress {
	bool quiet;
	bool terminal;
	bool drawn;
};

void cli_progress_begin(struct cli_progress *progress, bool quiet);
void cli_progress_step(struct cli_progress *progress, const char *what);
void cli_progress_at(struct cli_progress *progress, const char *what,
		     double done);
void cli_progress_end(struct cli_progress *progress);

/**
 * struct cli_cell - a word of a table
 * @text: is the table's.
 */
struct cli_cell {
	char *text;
};

/**
 * struct cli_table - rows of words, printed below each other
 * @heads: title of each column; one that begins with '>' is of numbers.
 * @nr_columns: at most %CLI_COLUMNS.
 * @cells: nr_rows times nr_columns words.
 * @nr_rows: how many there are.
 * @room: rows that fit into @cells.
 */
#define CLI_COLUMNS	16
struct cli_table {
	const char *const *heads;
	unsigned int nr_columns;
	struct cli_cell *cells;
	size_t nr_rows;
	size_t room;
};

/* table.c */
void cli_table_begin(struct cli_table *table, const char *const *heads,
		     unsigned int nr);
void cli_table_row(struct cli_table *table);
void cli_table_set(struct cli_table *table, unsigned int column,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cli_table_print(const struct cli_table *table);
void cli_table_end(struct cli_table *table);

/* memory.c: there is no going on without memory, so these end the command */
void *cli_alloc(size_t size);
void *cli_resize(void *piece, size_t size);
void *cli_grow(void *array, size_t nr, size_t *room, size_t size);
char *cli_strdup(const char *text);
char *cli_format(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

/* json.c */
struct json_object;
void cli_json_text(struct json_object *object, const char *key,
		   const char *text);
void cli_json_number(struct json_object *object, const char *key,
		     uint64_t number);
void cli_json_real(struct json_object *object, const char *key, double number);
void cli_json_bool(struct json_object *object, const char *key, bool is);
struct json_object *cli_json_object(struct json_object *object,
				    const char *key);
struct json_object *cli_json_array(struct json_object *object, const char *key);
struct json_object *cli_json_append(struct json_object *array);
void cli_json_append_text(struct json_object *array, const char *text);
void cli_json_print(struct json_object *object, bool one_line);

/* fs.c: files of /proc and /sys */
char *cli_fs_read(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
bool cli_fs_text(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool cli_fs_number(uint64_t *number, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
DIR *cli_fs_dir(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_fs_link(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int cli_fs_take_fd(int pid, int fd);
bool cli_fs_exists(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* hand_over.c */
void cli_hold_begin(void);
void cli_hold(bool say);
bool cli_hold_is_over(void);
void cli_hold_end(void);
int cli_exec(char **command);

/* notify.c */
void cli_notify(const char *what);
int cli_listen_fd(void);

/* device.c */
struct udb_device;
struct udb_probe;
int cli_device_open(const char *node, uint32_t fallback,
		    struct udb_probe *probe, struct udb_device **ret_dev);

#define CLI_RELEASE	65
void cli_release(char to[CLI_RELEASE]);

/* root.c: what stands in front of /proc and /sys; tests have another one */
const char *cli_root(void);

#endif /* CLI_H */
