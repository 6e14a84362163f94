// SPDX-License-Identifier: GPL-2.0-only
/* Programs: from a seed, to a file and back. See program.h. */
#include <inttypes.h>
#include <string.h>

#include "program.h"

static uint64_t left_out; /* a bit for each kind */

static uint32_t weight_of(uint32_t kind)
{
	return left_out >> kind & 1 ? 0 : fuzz_kinds[kind].weight;
}

static uint8_t draw_kind(struct fuzz_rng *rng)
{
	uint32_t total = 0, draw, i;

	for (i = 0; i < fuzz_nr_kinds; i++)
		total += weight_of(i);
	draw = fuzz_below(rng, total);
	for (i = 0; draw >= weight_of(i); i++)
		draw -= weight_of(i);
	return (uint8_t)i;
}

/* Two programs of three run in one thread, where each byte is known. */
void fuzz_program_make(struct fuzz_program *program, uint64_t seed)
{
	struct fuzz_rng rng = { .state = seed };
	uint32_t i, j;

	memset(program, 0, sizeof(*program));
	program->seed = seed;
	program->nr_threads = fuzz_below(&rng, 3) ?
				      1 :
				      2 + fuzz_below(&rng, FUZZ_THREADS - 1);
	program->nr_ops = FUZZ_OPS / 4 + fuzz_below(&rng, FUZZ_OPS * 3 / 4 + 1);
	for (i = 0; i < program->nr_ops; i++) {
		struct fuzz_op *op = &program->op[i];

		/* Something to work with comes first. */
		op->kind = i < 2 ? (uint8_t)i : draw_kind(&rng);
		op->thread = (uint8_t)fuzz_below(&rng, program->nr_threads);
		for (j = 0; j < FUZZ_ARGS; j++)
			op->arg[j] = (uint32_t)fuzz_next(&rng);
	}
}

void fuzz_program_write(const struct fuzz_program *program, FILE *file)
{
	uint32_t i;

	fprintf(file, "seed 0x%016" PRIx64 "\n", program->seed);
	fprintf(file, "threads %" PRIu32 "\n", program->nr_threads);
	for (i = 0; i < program->nr_ops; i++) {
		const struct fuzz_op *op = &program->op[i];

		fprintf(file, "%s %u %08x %08x %08x %08x\n",
			fuzz_kinds[op->kind].name, op->thread, op->arg[0],
			op->arg[1], op->arg[2], op->arg[3]);
	}
}

static bool find_kind(const char *name, uint8_t *kind)
{
	uint32_t i;

	for (i = 0; i < fuzz_nr_kinds; i++) {
		if (!strcmp(fuzz_kinds[i].name, name)) {
			*kind = (uint8_t)i;
			return true;
		}
	}
	return false;
}

bool fuzz_leave_out(const char *names)
{
	char name[32];
	uint8_t kind;
	size_t size;

	for (; *names; names += size + (names[size] == ',')) {
		size = strcspn(names, ",");
		if (size >= sizeof(name))
			return false;
		memcpy(name, names, size);
		name[size] = 0;
		if (!find_kind(name, &kind) || kind < 2)
			return false;
		left_out |= 1ULL << kind;
	}
	return true;
}

static bool read_op(struct fuzz_program *program, const char *text)
{
	struct fuzz_op *op = &program->op[program->nr_ops];
	unsigned int thread;
	char name[32];

	if (program->nr_ops == FUZZ_OPS ||
	    sscanf(text, "%31s %u %x %x %x %x", name, &thread, &op->arg[0],
		   &op->arg[1], &op->arg[2], &op->arg[3]) != 6 ||
	    thread >= FUZZ_THREADS || !find_kind(name, &op->kind))
		return false;
	op->thread = (uint8_t)thread;
	program->nr_ops++;
	return true;
}

static bool read_line(struct fuzz_program *program, const char *text)
{
	if (text[0] == '#' || text[0] == '\n')
		return true;
	if (sscanf(text, "seed %" SCNx64, &program->seed) == 1)
		return true;
	if (sscanf(text, "threads %" SCNu32, &program->nr_threads) == 1)
		return program->nr_threads >= 1 &&
		       program->nr_threads <= FUZZ_THREADS;
	return read_op(program, text);
}

bool fuzz_program_read(struct fuzz_program *program, FILE *file, int *line)
{
	char text[256];

	memset(program, 0, sizeof(*program));
	program->nr_threads = 1;
	for (*line = 1; fgets(text, sizeof(text), file); ++*line)
		if (!read_line(program, text))
			return false;
	return program->nr_ops > 0;
}

void fuzz_program_cut(struct fuzz_program *program, uint32_t first, uint32_t nr)
{
	if (nr > program->nr_ops - first)
		nr = program->nr_ops - first;
	memmove(&program->op[first], &program->op[first + nr],
		(program->nr_ops - first - nr) * sizeof(program->op[0]));
	program->nr_ops -= nr;
}
