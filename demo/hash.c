// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHA-256 by libcrypto, over memory and over what a file descriptor gives.
 *
 * The hash of the same bytes is computed once more outside the virtual
 * machine by another program, so that a fault in here cannot hide anything.
 */
#include "demo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/evp.h>

#define DEMO_HASH_CHUNK	(1024 * 1024UL)
#define DEMO_HASH_UNIT	(8 * DEMO_HASH_CHUNK)

struct demo_hash {
	EVP_MD_CTX *ctx;
};

/* Units of progress that hashing so many bytes makes. */
unsigned int demo_hash_units(size_t len)
{
	return (unsigned int)((len + DEMO_HASH_UNIT - 1) / DEMO_HASH_UNIT);
}

struct demo_hash *demo_hash_new(void)
{
	struct demo_hash *h = calloc(1, sizeof(*h));

	if (h)
		h->ctx = EVP_MD_CTX_new();
	if (h && h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL))
		return h;
	demo_hash_free(h);
	demo_error("libcrypto gives no SHA-256");
	return NULL;
}

void demo_hash_free(struct demo_hash *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int demo_hash_add(struct demo_hash *h, const void *data, size_t len)
{
	if (EVP_DigestUpdate(h->ctx, data, len))
		return 0;
	demo_error("libcrypto failed while hashing");
	return -1;
}

int demo_hash_finish(struct demo_hash *h, char sha[DEMO_SHA_LEN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (!EVP_DigestFinal_ex(h->ctx, md, &len) ||
	    len * 2 + 1 != DEMO_SHA_LEN) {
		demo_error("libcrypto failed to finish a hash");
		return -1;
	}
	for (unsigned int i = 0; i < len; i++)
		snprintf(sha + 2 * i, 3, "%02x", md[i]);
	return 0;
}

static int demo_hash_span(struct demo_hash *h, const char *data, size_t len)
{
	size_t part;

	for (; len; data += part, len -= part) {
		part = len < DEMO_HASH_UNIT ? len : DEMO_HASH_UNIT;
		if (demo_hash_add(h, data, part))
			return -1;
		demo_progress_tick();
	}
	return 0;
}

int demo_hash_memory(const void *data, size_t len, char sha[DEMO_SHA_LEN])
{
	struct demo_hash *h = demo_hash_new();
	int ret = -1;

	if (!h)
		return -1;
	if (!demo_hash_span(h, data, len))
		ret = demo_hash_finish(h, sha);
	demo_hash_free(h);
	return ret;
}

/* Add what the file descriptor gives at @off, at most @want bytes. */
static ssize_t demo_hash_chunk(struct demo_hash *h, int fd, void *buf,
			       size_t want, off_t off)
{
	ssize_t got;

	do {
		got = pread(fd, buf, want, off);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		demo_error("cannot read for hashing at offset %lld: %s",
			   (long long)off,
			   got ? strerror(errno) : "unexpected end");
		return -1;
	}
	return demo_hash_add(h, buf, (size_t)got) ? -1 : got;
}

static int demo_hash_stream(struct demo_hash *h, int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t want = len - done;
		ssize_t got;

		if (want > DEMO_HASH_CHUNK)
			want = DEMO_HASH_CHUNK;
		got = demo_hash_chunk(h, fd, buf, want, (off_t)done);
		if (got < 0)
			return -1;
		done += (size_t)got;
		if (done % DEMO_HASH_UNIT < (size_t)got)
			demo_progress_tick();
	}
	return 0;
}

int demo_hash_fd(int fd, size_t len, char sha[DEMO_SHA_LEN])
{
	struct demo_hash *h = demo_hash_new();
	void *buf = malloc(DEMO_HASH_CHUNK);
	int ret = -1;

	if (h && buf && !demo_hash_stream(h, fd, buf, len))
		ret = demo_hash_finish(h, sha);
	free(buf);
	demo_hash_free(h);
	return ret;
}
