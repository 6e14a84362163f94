/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMO_H
#define DEMO_H

/*
 * What the files of the demonstration share.
 *
 * Who calls whom: main -> phases (measure, journey, screen) -> nouns (memory,
 * buffer, peer, importer) -> util. report and table only read struct demo.
 * One thread a process, so there are no locks. A function that returns int
 * returns 0, or -1 after it has said on stderr what went wrong.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEMO_PAGE		4096UL
#define DEMO_HUGE		(2UL << 20)
#define DEMO_MAX_ROUNDS		32
#define DEMO_COUNT(a)		(sizeof(a) / sizeof((a)[0]))
#define DEMO_SHA_LEN		65	/* 64 hexadecimal digits and the NUL */

/* Exit codes; demo/run documents and passes on the same numbers. */
enum demo_exit {
	DEMO_EXIT_PROVEN = 0,
	DEMO_EXIT_DIFFERS = 1, /* a hash or the picture is wrong */
	DEMO_EXIT_CANNOT = 2, /* a step could not be done */
	DEMO_EXIT_USAGE = 3,
};

enum demo_driver { DEMO_STOCK, DEMO_OURS, DEMO_NR_DRIVERS };
enum demo_kind { DEMO_HUGETLB, DEMO_SHMEM, DEMO_NR_KINDS };

/* The steps that are timed round by round on the measured buffer. */
enum demo_step {
	DEMO_CREATE,
	DEMO_TOUCH,
	DEMO_SYNC_START,
	DEMO_SYNC_END,
	DEMO_IMPORT,
	DEMO_UNMAP,
	DEMO_CLOSE,
	DEMO_KEPT, /* KiB, not ms */
	DEMO_KEPT_SYNC, /* KiB, not ms */
	DEMO_NR_STEPS,
};

/* The ways to look at one buffer; every one must give the file's hash. */
enum demo_view {
	DEMO_VIEW_MEMFD,
	DEMO_VIEW_DMABUF,
	DEMO_VIEW_VGEM,
	DEMO_VIEW_DEVICE,
	DEMO_NR_VIEWS,
};

/* What happens to the user's file on its way through one driver, in ms. */
enum demo_leg {
	DEMO_LEG_READ,
	DEMO_LEG_CREATE,
	DEMO_LEG_HANDOVER,
	DEMO_LEG_IMPORT,
	DEMO_LEG_HASH, /* the first of DEMO_NR_VIEWS */
	DEMO_LEG_CLOSE = DEMO_LEG_HASH + DEMO_NR_VIEWS,
	DEMO_NR_LEGS,
};

/**
 * struct demo_samples - one number of one driver, once a round
 * @v: the samples, in the order in which they were taken
 * @nr: how many there are
 */
struct demo_samples {
	double v[DEMO_MAX_ROUNDS];
	unsigned int nr;
};

/**
 * struct demo_journey - the user's file through one driver
 * @ms: time of every leg
 * @sha: the hash as seen through every view
 * @equal: every hash is that of the file
 * @how: which mapping stands for vgem's view
 */
struct demo_journey {
	double ms[DEMO_NR_LEGS];
	char sha[DEMO_NR_VIEWS][DEMO_SHA_LEN];
	bool equal;
	char how[64];
};

/**
 * struct demo_picture - the frame on the screen
 * @width: width of the mode in pixels
 * @height: height of the mode in pixels
 * @driver: name of the DRM driver that scanned it out
 * @wrong: pixels that differ from what was drawn
 * @checked: the comparison took place
 */
struct demo_picture {
	unsigned int width;
	unsigned int height;
	char driver[32];
	unsigned long wrong;
	bool checked;
};

/**
 * struct demo_options - the command line
 * @device: node of each driver
 * @file: the user's file as the guest sees it
 * @name: what the user calls it
 * @sha256: its hash, computed outside the virtual machine
 * @results: folder for report.json and drawn.png
 * @machine: one line about the host
 * @qemu: one line about the emulator
 * @size: bytes of the measured buffer, a multiple of 2 MiB
 * @rounds: how often a step is timed
 * @size_limit_mb: what stock's limit was raised to
 * @spoil_hash: change a byte behind the buffer's back (test of the demo)
 * @spoil_frame: change a pixel after it was drawn (test of the demo)
 */
struct demo_options {
	const char *device[DEMO_NR_DRIVERS];
	const char *file;
	const char *name;
	const char *sha256;
	const char *results;
	const char *machine;
	const char *qemu;
	size_t size;
	unsigned int rounds;
	unsigned int size_limit_mb;
	bool spoil_hash;
	bool spoil_frame;
};

/**
 * struct demo - everything known so far; what the report is made from
 * @opt: the command line
 * @dev: both drivers' nodes, open
 * @file_size: bytes of the user's file
 * @samples: the measured buffer, by kind, driver and step
 * @journey: the user's file, by kind and driver
 * @picture: the frame on the screen
 * @proven: everything that had to be equal was equal
 */
struct demo {
	struct demo_options opt;
	int dev[DEMO_NR_DRIVERS];
	size_t file_size;
	struct demo_samples samples[DEMO_NR_KINDS][DEMO_NR_DRIVERS]
				   [DEMO_NR_STEPS];
	struct demo_journey journey[DEMO_NR_KINDS][DEMO_NR_DRIVERS];
	struct demo_picture picture;
	bool proven;
};

/* util.c */
extern const char *const demo_driver_name[DEMO_NR_DRIVERS];
extern const char *const demo_kind_id[DEMO_NR_KINDS];
extern const char *const demo_kind_name[DEMO_NR_KINDS];
extern const char *const demo_step_id[DEMO_NR_STEPS];
extern const char *const demo_step_name[DEMO_NR_STEPS];
extern const char *const demo_view_id[DEMO_NR_VIEWS];
extern const char *const demo_leg_id[DEMO_NR_LEGS];
extern const char *const demo_leg_name[DEMO_NR_LEGS];

void demo_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double demo_now_ms(void);
size_t demo_round_up(size_t n, size_t step);
bool demo_step_is_time(enum demo_step step);
void demo_samples_add(struct demo_samples *s, double v);
double demo_samples_median(const struct demo_samples *s);
double demo_samples_min(const struct demo_samples *s);
double demo_samples_max(const struct demo_samples *s);
void demo_progress_tick(void);
void demo_progress_total(unsigned int units);
void demo_progress(unsigned int units, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* hash.c */
struct demo_hash;
unsigned int demo_hash_units(size_t len);
struct demo_hash *demo_hash_new(void);
int demo_hash_add(struct demo_hash *h, const void *data, size_t len);
int demo_hash_finish(struct demo_hash *h, char sha[DEMO_SHA_LEN]);
void demo_hash_free(struct demo_hash *h);
int demo_hash_memory(const void *data, size_t len, char sha[DEMO_SHA_LEN]);
int demo_hash_fd(int fd, size_t len, char sha[DEMO_SHA_LEN]);

/* memory.c: a memfd of one kind, mapped */
struct demo_memory {
	enum demo_kind kind;
	int fd;
	size_t size;
	unsigned char *map;
};

int demo_memory_pool(size_t bytes);
int demo_memory_open(struct demo_memory *m, enum demo_kind kind, size_t size);
void demo_memory_close(struct demo_memory *m);
unsigned long demo_memory_fill(struct demo_memory *m);
int demo_memory_read(struct demo_memory *m, const char *path, size_t len);
void demo_memory_flip(struct demo_memory *m, size_t offset);

/* buffer.c: a dma-buf made from it */
struct demo_buffer {
	int fd;
	size_t size;
	unsigned char *map;
};

/* What the kernel keeps for itself, in KiB; buffer.c tells where from. */
struct demo_kept {
	double book;
	double free;
};

int demo_device_open(const char *path);
int demo_buffer_open(struct demo_buffer *b, int dev,
		     const struct demo_memory *m);
int demo_buffer_inode(const struct demo_buffer *b, ino_t *inode);
void demo_buffer_close(struct demo_buffer *b);
void demo_buffer_unmap(struct demo_buffer *b);
int demo_buffer_map(struct demo_buffer *b);
unsigned long demo_buffer_touch(const struct demo_buffer *b);
int demo_buffer_sync(const struct demo_buffer *b, uint64_t flags);
int demo_kept_read(struct demo_kept *k);
int demo_kept_runs(const struct demo_buffer *b, double *kib);

/* importer.c: DRM devices and the test importer */
struct demo_vgem;

int demo_drm_open(const char *driver);
struct demo_vgem *demo_vgem_open(void);
void demo_vgem_close(struct demo_vgem *v);
void demo_vgem_expect(struct demo_vgem *v, size_t size);
int demo_vgem_import(struct demo_vgem *v, int fd);
int demo_vgem_drop(struct demo_vgem *v);
int demo_vgem_hash(struct demo_vgem *v, int fd, size_t len,
		   char sha[DEMO_SHA_LEN], char *how, size_t how_len);
int demo_device_hash(int fd, size_t len, char sha[DEMO_SHA_LEN]);

/* peer.c: the second process */
struct demo_peer {
	pid_t pid;
	int sock;
};

/**
 * struct demo_reply - what the second process says about one buffer
 * @status: 0, or -1 when it could not do what it was asked
 * @received: when it had the file descriptor, CLOCK_MONOTONIC in ms
 * @import: ms that the import into vgem took
 * @hash: ms that hashing took, by view; its own two views only
 * @sha: the hashes of these views
 * @how: see struct demo_journey
 */
struct demo_reply {
	int status;
	double received;
	double import;
	double hash[DEMO_NR_VIEWS];
	char sha[DEMO_NR_VIEWS][DEMO_SHA_LEN];
	char how[64];
};

int demo_peer_start(struct demo_peer *p);
int demo_peer_stop(struct demo_peer *p);
int demo_peer_hand(struct demo_peer *p, const struct demo_buffer *b,
		   size_t hash_len);
int demo_peer_answer(struct demo_peer *p, struct demo_reply *reply);
int demo_peer_main(int sock);

/* measure.c, journey.c, screen.c: the phases */
unsigned int demo_measure_units(const struct demo *d);
int demo_measure(struct demo *d, struct demo_peer *p);
unsigned int demo_journey_units(const struct demo *d);
int demo_journey(struct demo *d, struct demo_peer *p);
int demo_screen(struct demo *d);

/* frame.c: the picture */
#define DEMO_FRAME_WIDTH	800
#define DEMO_FRAME_HEIGHT	600
#define DEMO_FRAME_PITCH	(DEMO_FRAME_WIDTH * 4)
#define DEMO_FRAME_BYTES	(DEMO_FRAME_PITCH * DEMO_FRAME_HEIGHT)

int demo_frame_draw(const struct demo *d, unsigned char *pixels);
int demo_frame_save(const unsigned char *pixels, const char *path);
int demo_frame_compare(const unsigned char *pixels, const char *path,
		       unsigned long *wrong);

/* report.c, table.c */
double demo_ratio(const struct demo *d, enum demo_kind k, enum demo_step s);
bool demo_ratio_is_bound(const struct demo *d, enum demo_kind k,
			 enum demo_step s);
bool demo_goal_judged(const struct demo *d);
bool demo_goal_met(const struct demo *d);
int demo_report_write(const struct demo *d);
void demo_table_print(const struct demo *d);

#endif /* DEMO_H */
