/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls, counted from outside by another process.
 */
#ifndef COUNT_H
#define COUNT_H

/* Parts of the work that are counted apart; not at all: COUNT_NOT. */
enum {
	COUNT_NOT,
	COUNT_ONCE, /* opening, the first buffer, closing */
	COUNT_AGAIN, /* each further buffer; COUNT_ROUNDS of them */
	COUNT_NR_PARTS = COUNT_AGAIN + 3,
};

#define COUNT_ROUNDS	(COUNT_NR_PARTS - COUNT_AGAIN)
#define COUNT_CALLS	512

/* How often each call was made, by its number. */
struct count {
	unsigned int total[COUNT_NR_PARTS];
	unsigned int of[COUNT_NR_PARTS][COUNT_CALLS];
};

/* From now on, calls of this process are of that part. */
void count_begin(int part);

/* Runs a function in a process that is watched; returns its exit status. */
int count_run(int (*function)(void), struct count *count);

/* "ioctl 3, mmap 1": the calls of a part, by number. */
void count_print(const struct count *count, int part);

#endif /* COUNT_H */
