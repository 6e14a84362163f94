// SPDX-License-Identifier: MIT
/*
 * Checksums, in a thread of their own that follows the reads. They are of what is in
 * the buffer, not of what the disk was said to have sent.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "job.h"

#define UDB_LOAD_CHECKS	(UDB_LOAD_XXH3 | UDB_LOAD_SHA256)

struct udb_load_sums {
	XXH3_state_t *xxh3;
	EVP_MD_CTX *sha256;
};

static uint32_t udb_load_checks_of(const struct udb_load_job *job,
				   const struct udb_load_piece *piece)
{
	uint32_t checks = job->opts.flags & UDB_LOAD_CHECKS;

	if (piece->source->xxh3)
		checks |= UDB_LOAD_XXH3;
	if (piece->source->sha256)
		checks |= UDB_LOAD_SHA256;
	return checks;
}

static void udb_load_sums_free(struct udb_load_sums *sums)
{
	XXH3_freeState(sums->xxh3);
	EVP_MD_CTX_free(sums->sha256);
}

static bool udb_load_sums_new(struct udb_load_sums *sums, uint32_t checks)
{
	*sums = (struct udb_load_sums){ 0 };
	if (checks & UDB_LOAD_XXH3) {
		sums->xxh3 = XXH3_createState();
		if (!sums->xxh3 || XXH3_64bits_reset(sums->xxh3) == XXH_ERROR)
			goto free_sums;
	}
	if (checks & UDB_LOAD_SHA256) {
		sums->sha256 = EVP_MD_CTX_new();
		if (!sums->sha256 ||
		    !EVP_DigestInit_ex(sums->sha256, EVP_sha256(), NULL))
			goto free_sums;
	}
	return true;

free_sums:
	udb_load_sums_free(sums);
	return false;
}

static bool udb_load_sums_add(struct udb_load_sums *sums, const char *bytes,
			      uint64_t size)
{
	if (sums->xxh3 &&
	    XXH3_64bits_update(sums->xxh3, bytes, size) == XXH_ERROR)
		return false;
	return !sums->sha256 || EVP_DigestUpdate(sums->sha256, bytes, size);
}

static bool udb_load_sums_end(struct udb_load_sums *sums,
			      struct udb_load_piece *piece)
{
	XXH64_canonical_t canonical;

	if (sums->xxh3) {
		XXH64_canonicalFromHash(&canonical,
					XXH3_64bits_digest(sums->xxh3));
		memcpy(piece->xxh3, canonical.digest, sizeof(piece->xxh3));
	}
	return !sums->sha256 ||
	       EVP_DigestFinal_ex(sums->sha256, piece->sha256, NULL);
}

/* All blocks up to this one are there; false when they will not be. */
static bool udb_load_verify_wait(struct udb_load_job *job, uint64_t index)
{
	bool there;

	pthread_mutex_lock(&job->lock);
	while (job->prefix <= index && !job->failure.error)
		pthread_cond_wait(&job->changed, &job->lock);
	there = !job->failure.error;
	pthread_mutex_unlock(&job->lock);
	return there;
}

static bool udb_load_verify_block(struct udb_load_job *job,
				  struct udb_load_piece *piece, uint64_t index,
				  struct udb_load_sums *sums)
{
	struct udb_load_block block;
	uint64_t skip = 0;
	bool ok;

	udb_load_plan_block(job, piece, index, &block);
	if (block.offset < piece->offset)
		skip = piece->offset - block.offset;
	ok = udb_load_sums_add(sums, job->memory.addr + block.at + skip,
			       block.want - skip);
	pthread_mutex_lock(&job->lock);
	job->checked += block.want - skip;
	pthread_mutex_unlock(&job->lock);
	return ok;
}

static bool udb_load_verify_piece(struct udb_load_job *job,
				  struct udb_load_piece *piece)
{
	uint32_t checks = udb_load_checks_of(job, piece);
	struct udb_load_sums sums;
	bool ok;

	if (!checks)
		return true;
	ok = udb_load_sums_new(&sums, checks);
	if (!ok)
		return false;
	for (uint64_t i = 0; i < piece->nr && ok; i++) {
		if (!udb_load_verify_wait(job, piece->first + i))
			goto free_sums;
		ok = udb_load_verify_block(job, piece, piece->first + i, &sums);
	}
	ok = ok && udb_load_sums_end(&sums, piece);
	if (ok)
		piece->checks = checks;
free_sums:
	udb_load_sums_free(&sums);
	return ok;
}

/**
 * udb_load_verify_run() - compute the checksums that were asked for
 * @job: the load; the caller is the checker, or alone.
 */
void udb_load_verify_run(struct udb_load_job *job)
{
	bool ok = true, any = false;

	for (size_t i = 0; i < job->nr_pieces && ok; i++) {
		any |= udb_load_checks_of(job, &job->pieces[i]);
		ok = udb_load_verify_piece(job, &job->pieces[i]);
	}
	if (!ok)
		udb_load_fail(job, 0, 0, 0, -ENOMEM, UDB_LOAD_FAULT_CHECKSUM,
			      NULL, "a checksum could not be computed");
	if (any)
		job->report.check_ns = udb_load_elapsed(job);
}

static void udb_load_hex(const uint8_t *bytes, size_t size, char *text)
{
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int udb_load_verify_one(struct udb_load_job *job,
			       const struct udb_load_piece *piece,
			       uint32_t check, const uint8_t *want,
			       const uint8_t *have, size_t size)
{
	char wanted[65], got[65];

	if (!want)
		return 0;
	if (piece->checks & check && !memcmp(want, have, size))
		return 0;
	udb_load_hex(want, size, wanted);
	udb_load_hex(have, size, got);
	job->failure.offset = piece->offset;
	job->failure.wanted = piece->size;
	return udb_load_note(&job->failure, -EBADMSG, UDB_LOAD_FAULT_CHECKSUM,
			     piece->file->path,
			     "%s has the checksum %s, wanted is %s",
			     udb_load_file_name(piece->file), got, wanted);
}

/**
 * udb_load_verify_compare() - whether the checksums are those that were wanted
 * @job: the load, with all checksums.
 *
 * Return: 0 or -EBADMSG, with a failure noted.
 */
int udb_load_verify_compare(struct udb_load_job *job)
{
	int ret = 0;

	for (size_t i = 0; i < job->nr_pieces && !ret; i++) {
		const struct udb_load_piece *piece = &job->pieces[i];

		ret = udb_load_verify_one(job, piece, UDB_LOAD_XXH3,
					  piece->source->xxh3, piece->xxh3,
					  sizeof(piece->xxh3));
		if (!ret)
			ret = udb_load_verify_one(job, piece, UDB_LOAD_SHA256,
						  piece->source->sha256,
						  piece->sha256,
						  sizeof(piece->sha256));
	}
	return ret;
}
