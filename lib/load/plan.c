// SPDX-License-Identifier: MIT
/*
 * What is read to where. Offsets in a file and in the buffer agree modulo the
 * alignment of direct I/O, so that each read goes where its bytes belong and nothing
 * is copied. Files begin at 2 MiB; pieces of one file follow at whole pages.
 */
#include <stdlib.h>
#include <unistd.h>

#include "job.h"

static int udb_load_plan_range(struct udb_load_job *job,
			       struct udb_load_piece *piece)
{
	const struct udb_load_source *source = piece->source;
	uint64_t size = piece->file->stamp.size;
	static const char says[] =
		"%s has %llu bytes: there is nothing to load of %llu bytes at offset %llu";

	piece->offset = source->offset;
	piece->size = source->size;
	if (source->offset <= size && !source->size)
		piece->size = size - source->offset;
	if (piece->size && piece->offset <= size &&
	    piece->size <= size - piece->offset)
		return 0;
	job->failure.offset = source->offset;
	job->failure.wanted = source->size;
	job->failure.had = size;
	return udb_load_note(&job->failure, -ERANGE, UDB_LOAD_FAULT_RANGE,
			     source->path, says,
			     udb_load_file_name(piece->file),
			     (unsigned long long)size,
			     (unsigned long long)source->size,
			     (unsigned long long)source->offset);
}

/**
 * udb_load_ranges() - find out which bytes are wanted
 * @job: the load, with open files.
 *
 * Return: 0 or -ERANGE, with a failure noted.
 */
int udb_load_ranges(struct udb_load_job *job)
{
	int ret = 0;

	for (size_t i = 0; i < job->nr_pieces && !ret; i++)
		ret = udb_load_plan_range(job, &job->pieces[i]);
	return ret;
}

/**
 * udb_load_ranges_shorten() - want only a part
 * @job: the load, with ranges.
 * @most: bytes of all pieces. Each keeps its share, from its beginning, and one byte
 *        at least.
 */
void udb_load_ranges_shorten(struct udb_load_job *job, uint64_t most)
{
	double all = 0;

	for (size_t i = 0; i < job->nr_pieces; i++)
		all += (double)job->pieces[i].size;
	for (size_t i = 0; i < job->nr_pieces && all > (double)most; i++) {
		struct udb_load_piece *piece = &job->pieces[i];
		double share = (double)piece->size / all * (double)most;

		piece->size = share < 1 ? 1 : (uint64_t)share;
	}
}

/* From here on sums stay below 2^64: files have less than 2^63 bytes. */
static int udb_load_plan_place(struct udb_load_job *job,
			       struct udb_load_piece *piece, bool begins_file)
{
	uint64_t align = piece->file->align, end;
	uint64_t start =
		begins_file && align < UDB_LOAD_START ? UDB_LOAD_START : align;
	uint64_t block = job->opts.block_size;

	if (block < align)
		block = align;
	piece->begin = piece->offset & ~(align - 1);
	if (!udb_round_up(piece->offset + piece->size, align, &end) ||
	    !udb_round_up(job->size, start, &piece->at))
		return -EOVERFLOW;
	piece->room = end - piece->begin;
	piece->first = job->nr_blocks;
	piece->nr = (piece->room + block - 1) / block;
	if (__builtin_add_overflow(piece->at, piece->room, &job->size) ||
	    job->size > INT64_MAX || job->size > SIZE_MAX / 2)
		return -EOVERFLOW;
	job->nr_blocks += piece->nr;
	job->bytes += piece->size;
	return 0;
}

static uint64_t udb_load_block_size(const struct udb_load_job *job,
				    const struct udb_load_piece *piece)
{
	uint64_t block = job->opts.block_size;

	return block < piece->file->align ? piece->file->align : block;
}

/**
 * udb_load_plan_block() - one block of a piece
 * @job: the load.
 * @piece: of which.
 * @index: of the block, in &udb_load_job.state.
 * @block: filled in.
 */
void udb_load_plan_block(const struct udb_load_job *job,
			 struct udb_load_piece *piece, uint64_t index,
			 struct udb_load_block *block)
{
	uint64_t size = udb_load_block_size(job, piece);
	uint64_t skip = (index - piece->first) * size;
	uint64_t end = piece->offset + piece->size;
	uint64_t left = end - (piece->begin + skip);

	*block = (struct udb_load_block){
		.piece = piece,
		.index = index,
		.offset = piece->begin + skip,
		.at = piece->at + skip,
		.want = left < size ? left : size,
		.way = UDB_LOAD_WAY_DIRECT,
	};
	udb_round_up(block->want, piece->file->align, &block->ask);
}

/* Where the next data is; the end of the file when there is none. */
static uint64_t udb_load_plan_data(const struct udb_load_piece *piece,
				   uint64_t offset)
{
	off_t data = lseek(piece->file->fd, (off_t)offset, SEEK_DATA);

	if (data >= 0)
		return data;
	/* Files without holes may not know the question. */
	return errno == ENXIO ? piece->file->stamp.size : offset;
}

static uint64_t udb_load_plan_hole(const struct udb_load_piece *piece,
				   uint64_t offset)
{
	off_t hole = lseek(piece->file->fd, (off_t)offset, SEEK_HOLE);

	return hole >= 0 ? (uint64_t)hole : piece->file->stamp.size;
}

/* Blocks of which each byte is before @data: new memory is zero, too. */
static void udb_load_plan_skip(struct udb_load_job *job,
			       struct udb_load_piece *piece, uint64_t from,
			       uint64_t data)
{
	uint64_t size = udb_load_block_size(job, piece);
	uint64_t first = (from - piece->begin + size - 1) / size;
	struct udb_load_block block;

	for (uint64_t i = first; i < piece->nr; i++) {
		udb_load_plan_block(job, piece, piece->first + i, &block);
		if (block.offset + block.want > data)
			return;
		job->state[piece->first + i] |= UDB_LOAD_HOLE;
	}
}

static void udb_load_plan_holes(struct udb_load_job *job,
				struct udb_load_piece *piece)
{
	uint64_t end = piece->offset + piece->size, at = piece->begin, data;

	if (piece->file->is_device || piece->file->is_shared)
		return;
	while (at < end) {
		data = udb_load_plan_data(piece, at);
		if (data > at)
			udb_load_plan_skip(job, piece, at, data);
		if (data >= end)
			return;
		at = udb_load_plan_hole(piece, data);
		if (at <= data)
			return;
	}
}

/**
 * udb_load_plan() - decide what goes where
 * @job: the load, with ranges, and files that have their alignment.
 *
 * Return: 0, -EOVERFLOW or -ENOMEM.
 */
int udb_load_plan(struct udb_load_job *job)
{
	int ret;

	for (size_t i = 0; i < job->nr_pieces; i++) {
		struct udb_load_piece *piece = &job->pieces[i];

		ret = udb_load_plan_place(job, piece,
					  !i || piece->file != piece[-1].file);
		if (ret)
			return ret;
	}
	job->state = calloc(job->nr_blocks, sizeof(*job->state));
	if (!job->state)
		return -ENOMEM;
	for (size_t i = 0; i < job->nr_pieces; i++)
		udb_load_plan_holes(job, &job->pieces[i]);
	return 0;
}
