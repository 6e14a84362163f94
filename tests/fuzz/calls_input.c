// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs: made from what is known of the driver's interface, and changed at random.
 * Commands of later numbers are tried, too, with sizes that a program of a later
 * version would give: see calls.h.
 */
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <string.h>

#include "calls.h"

#define PAGE	4096

static const uint32_t commands[] = {
	UDMABUF_CREATE,	  UDMABUF_CREATE_LIST, UDMABUF_CREATE_RANGES,
	UDMABUF_QUERY,	  UDMABUF_INFO,	       DMA_BUF_IOCTL_SYNC,
	DMA_BUF_SET_NAME,
};

/* Numbers that are near a limit of something. */
static const uint64_t special[] = {
	0,
	1,
	2,
	3,
	7,
	8,
	PAGE - 1,
	PAGE,
	PAGE + 1,
	2 * PAGE,
	16 * PAGE,
	512 * PAGE,
	1024 * PAGE,
	65535,
	65536,
	65537,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x7ffffffffffff000,
	0x8000000000000000,
	0xfffffffffffff000,
	0xffffffffffffffff,
};

#define NR_SPECIAL	(sizeof(special) / sizeof(special[0]))
#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static uint64_t draw_number(struct fuzz_rng *rng)
{
	switch (fuzz_below(rng, 4)) {
	case 0:
		return CALLS_FD_FIRST + fuzz_below(rng, CALLS_FDS + 1);
	case 1:
		return (uint64_t)fuzz_below(rng, 64) * PAGE;
	case 2:
		return fuzz_next(rng) >> fuzz_below(rng, 64);
	default:
		return special[fuzz_below(rng, NR_SPECIAL)];
	}
}

static uint32_t draw_command(struct fuzz_rng *rng)
{
	if (fuzz_below(rng, 4))
		return commands[fuzz_below(rng, NR_COMMANDS)];
	return (uint32_t)_IOC(fuzz_below(rng, 4), 'u',
			      0x40 + fuzz_below(rng, 0x30),
			      8 * fuzz_below(rng, 12));
}

static void put(struct call *call, uint32_t at, uint64_t value, uint32_t size)
{
	if (at + size <= CALL_BYTES)
		memcpy(call->bytes + at, &value, size);
}

/* What a good program would ask for. */
static void make_create(struct call *call, struct fuzz_rng *rng)
{
	call->command = UDMABUF_CREATE;
	call->size = sizeof(struct udmabuf_create);
	put(call, 0, CALLS_FD_FIRST + fuzz_below(rng, CALLS_FDS), 4);
	put(call, 4, fuzz_below(rng, 2), 4);
	put(call, 8, (uint64_t)fuzz_below(rng, 4) * PAGE, 8);
	put(call, 16, (uint64_t)(1 + fuzz_below(rng, 8)) * PAGE, 8);
}

/* Ranges from byte @at on, where the argument ends. */
static void make_items(struct call *call, uint32_t at, uint32_t nr,
		       struct fuzz_rng *rng)
{
	for (; nr; nr--, at += sizeof(struct udmabuf_create_item)) {
		put(call, at, CALLS_FD_FIRST + fuzz_below(rng, 4), 8);
		put(call, at + 8, (uint64_t)fuzz_below(rng, 4) * PAGE, 8);
		put(call, at + 16, (uint64_t)(1 + fuzz_below(rng, 4)) * PAGE,
		    8);
	}
	call->size = at;
}

static void make_list(struct call *call, struct fuzz_rng *rng)
{
	uint32_t nr = 1 + fuzz_below(rng, 6);

	call->command = UDMABUF_CREATE_LIST;
	put(call, 0, fuzz_below(rng, 2), 4);
	put(call, 4, nr, 4);
	make_items(call, sizeof(struct udmabuf_create_list), nr, rng);
}

/* The address of the ranges is where in the argument they begin: see calls_run.c. */
static void make_ranges(struct call *call, struct fuzz_rng *rng)
{
	uint32_t nr = 1 + fuzz_below(rng, 6);
	uint32_t size = sizeof(struct udmabuf_create_ranges);

	call->command = UDMABUF_CREATE_RANGES;
	put(call, 0, size, 4);
	put(call, 4, fuzz_below(rng, 4), 4);
	put(call, 8, size, 8);
	put(call, 16, nr, 4);
	make_items(call, size, nr, rng);
}

static void make_question(struct call *call, struct fuzz_rng *rng)
{
	bool info = fuzz_below(rng, 2);

	call->command = info ? UDMABUF_INFO : UDMABUF_QUERY;
	call->size = info ? sizeof(struct udmabuf_info) :
			    sizeof(struct udmabuf_query);
	put(call, 0, call->size, 4);
	if (info)
		put(call, 4, CALLS_FD_OWN, 4);
}

static void make_other(struct call *call, struct fuzz_rng *rng)
{
	uint32_t i;

	call->kind = fuzz_below(rng, CALL_KINDS);
	call->command = draw_command(rng);
	call->size = 8 * (1 + fuzz_below(rng, 8));
	for (i = 0; i < call->size; i += 8)
		put(call, i, draw_number(rng), 8);
}

static void make_call(struct call *call, struct fuzz_rng *rng)
{
	memset(call, 0, sizeof(*call));
	call->roomy = !fuzz_below(rng, 4);
	switch (fuzz_below(rng, 8)) {
	case 0:
		make_create(call, rng);
		break;
	case 1:
		make_list(call, rng);
		break;
	case 2:
		make_ranges(call, rng);
		break;
	case 3:
		make_question(call, rng);
		break;
	default:
		make_other(call, rng);
		break;
	}
}

void input_make(struct input *input, struct fuzz_rng *rng)
{
	uint32_t i;

	memset(input, 0, sizeof(*input));
	input->nr = 1 + fuzz_below(rng, CALLS);
	for (i = 0; i < input->nr; i++)
		make_call(&input->call[i], rng);
}

static void mutate_bytes(struct call *call, struct fuzz_rng *rng)
{
	uint32_t words = CALL_BYTES / 4, used = call->size / 4 + 1, at;

	at = 4 * fuzz_below(rng, used < words ? used : words);
	switch (fuzz_below(rng, 5)) {
	case 0:
		call->bytes[at] ^= (uint8_t)(1U << fuzz_below(rng, 8));
		break;
	case 1:
		put(call, at, draw_number(rng), 4);
		break;
	case 2:
		put(call, at & ~7U, draw_number(rng), 8);
		break;
	case 3:
		call->size = fuzz_below(rng, CALL_BYTES + 1);
		break;
	default:
		call->bytes[at + fuzz_below(rng, 4)] +=
			1 - 2 * fuzz_below(rng, 2);
		break;
	}
}

static void mutate_order(struct input *input, const struct input *other,
			 struct fuzz_rng *rng)
{
	uint32_t at = fuzz_below(rng, input->nr);

	switch (fuzz_below(rng, 4)) {
	case 0:
		if (input->nr > 1)
			input->call[at] = input->call[--input->nr];
		break;
	case 1:
		if (input->nr < CALLS)
			make_call(&input->call[input->nr++], rng);
		break;
	case 2:
		if (input->nr < CALLS)
			input->call[input->nr++] = input->call[at];
		break;
	default:
		input->call[at] = other->call[fuzz_below(rng, other->nr)];
		break;
	}
}

void input_mutate(struct input *input, const struct input *other,
		  struct fuzz_rng *rng)
{
	uint32_t times = 1 + fuzz_below(rng, 4);

	while (times--) {
		struct call *call = &input->call[fuzz_below(rng, input->nr)];

		switch (fuzz_below(rng, 8)) {
		case 0:
			mutate_order(input, other, rng);
			break;
		case 1:
			call->command = draw_command(rng);
			break;
		case 2:
			call->kind = fuzz_below(rng, CALL_KINDS);
			break;
		default:
			mutate_bytes(call, rng);
			break;
		}
	}
}

void input_write(const struct input *input, FILE *file)
{
	static const char *const names[CALL_KINDS] = {
		"device", "buffer", "map", "peek", "hole",
	};
	uint32_t i, j;

	for (i = 0; i < input->nr; i++) {
		const struct call *call = &input->call[i];

		fprintf(file, "%s %08x%s", names[call->kind], call->command,
			call->roomy ? " roomy" : "");
		for (j = 0; j < call->size; j++)
			fprintf(file, "%s%02x", j % 8 ? "" : " ",
				call->bytes[j]);
		fprintf(file, "\n");
	}
}
