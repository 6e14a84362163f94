// SPDX-License-Identifier: GPL-2.0-only
/*
 * As KWin 6.7 uses the driver: each page-aligned piece of a client's wl_shm pool becomes
 * a dma-buf of its own, several at once, and is read between SYNCs while the client draws
 * into the next one. The client is another process.
 */
#include "../share.h"

#include "common.h"

#define POOL_SLOTS	4
#define POOL_FRAMES	200
#define POOL_PIECE	(300 * UDB_PAGE) /* 640 x 480, 32 bits a pixel */
#define POOL_SIZE	(POOL_SLOTS * POOL_PIECE)

/* What Qt's wl_shm pools have. */
#define POOL_SEALS	(F_SEAL_SHRINK | F_SEAL_SEAL)

/* A message of the protocol: this slot has this frame; the answer gives it back. */
static struct share_layout pool_message(unsigned int slot, unsigned int frame)
{
	return (struct share_layout){ .width = slot, .height = frame };
}

static char *pool_piece(char *pool, unsigned int slot)
{
	return pool + slot * POOL_PIECE;
}

static int pool_draw_all(int socket, char *pool)
{
	struct share_layout message;
	unsigned int frame;
	int none, ret = 0;

	for (frame = 1; frame <= POOL_FRAMES && !ret; frame++) {
		unsigned int slot = frame % POOL_SLOTS;

		udb_stamp(pool_piece(pool, slot), POOL_PIECE, frame, 0);
		message = pool_message(slot, frame);
		ret = share_send(socket, -1, &message);
		if (!ret)
			ret = share_receive(socket, &none, &message);
	}
	return ret;
}

/* The client: makes a pool, hands it over, and draws. */
static int pool_client(int socket)
{
	int memfd = udb_memfd_sealed(UDB_SHMEM_4K, POOL_SIZE, POOL_SEALS);
	const struct share_layout size = { .size = POOL_SIZE };
	char *pool = udb_map(memfd, POOL_SIZE, PROT_READ | PROT_WRITE);

	if (memfd < 0 || !pool || share_send(socket, memfd, &size))
		return 1;
	return pool_draw_all(socket, pool) ? 2 : 0;
}

FIXTURE(pool) {
	int dev;
	int memfd;
	int buf[POOL_SLOTS];
	char *map[POOL_SLOTS];
};

FIXTURE_SETUP(pool)
{
	UDB_DEV_OPEN(self->dev);
}

FIXTURE_TEARDOWN(pool)
{
	close(self->memfd);
	close(self->dev);
}

/* All pieces at once, as the client's windows make buffers of them. */
static void pool_import(struct udb_test *_metadata, FIXTURE_DATA(pool) *self)
{
	unsigned int slot;

	for (slot = 0; slot < POOL_SLOTS; slot++) {
		self->buf[slot] = udb_create(self->dev, self->memfd,
					     slot * POOL_PIECE, POOL_PIECE);
		ASSERT_GE(self->buf[slot], 0);
		self->map[slot] =
			udb_map(self->buf[slot], POOL_PIECE, PROT_READ);
		ASSERT_NE(NULL, self->map[slot]);
	}
}

/* A pool without a client. */
static char *pool_own(struct udb_test *_metadata, FIXTURE_DATA(pool) *self)
{
	unsigned int slot;
	char *pool;

	self->memfd = udb_memfd_sealed(UDB_SHMEM_4K, POOL_SIZE, POOL_SEALS);
	ASSERT_GE(self->memfd, 0);
	pool = udb_map(self->memfd, POOL_SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, pool);
	for (slot = 0; slot < POOL_SLOTS; slot++)
		udb_stamp(pool_piece(pool, slot), POOL_PIECE, slot + 1, 0);
	pool_import(_metadata, self);
	return pool;
}

TEST_F_TIMEOUT(pool, frames_of_a_client, 120)
{
	struct share_layout message;
	unsigned int frame;
	int socket, none;
	pid_t client = share_start(pool_client, &socket);

	ASSERT_GT(client, 0);
	ASSERT_EQ(0, share_receive(socket, &self->memfd, &message));
	ASSERT_TRUE(fcntl(self->memfd, F_GET_SEALS) & F_SEAL_SHRINK);
	pool_import(_metadata, self);
	for (frame = 1; frame <= POOL_FRAMES; frame++) {
		ASSERT_EQ(0, share_receive(socket, &none, &message));
		ASSERT_EQ(frame, message.height);
		ASSERT_EQ(0, udb_sync(self->buf[message.width],
				      DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
		ASSERT_EQ(-1, udb_stamp_wrong(self->map[message.width],
					      POOL_PIECE, frame, 0));
		ASSERT_EQ(0, udb_sync(self->buf[message.width],
				      DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
		ASSERT_EQ(0, share_send(socket, -1, &message));
	}
	EXPECT_EQ(0, share_end(client));
}

/* KWin makes a buffer for each wl_buffer, and two of them may be the same piece. */
TEST_F(pool, one_piece_in_two_buffers)
{
	char *pool = pool_own(_metadata, self), *map;
	int again =
		udb_create(self->dev, self->memfd, POOL_PIECE, 2 * POOL_PIECE);

	ASSERT_GE(again, 0);
	map = udb_map(again, 2 * POOL_PIECE, PROT_READ);
	ASSERT_NE(NULL, map);
	udb_stamp(pool_piece(pool, 2), POOL_PIECE, 77, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(self->map[2], POOL_PIECE, 77, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(map + POOL_PIECE, POOL_PIECE, 77, 0));
	EXPECT_EQ(-1, udb_stamp_wrong(map, POOL_PIECE, 2, 0));
	close(again);
}

/* wl_shm_pool.resize: the pool only ever grows. */
TEST_F(pool, grows_beside_live_buffers)
{
	unsigned int slot;
	int added;
	char *map;

	pool_own(_metadata, self);
	ASSERT_EQ(0, ftruncate(self->memfd, POOL_SIZE + POOL_PIECE));
	added = udb_create(self->dev, self->memfd, POOL_SIZE, POOL_PIECE);
	ASSERT_GE(added, 0);
	map = udb_map(added, POOL_PIECE, PROT_READ);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, udb_zero_wrong(map, POOL_PIECE));
	for (slot = 0; slot < POOL_SLOTS; slot++)
		EXPECT_EQ(-1, udb_stamp_wrong(self->map[slot], POOL_PIECE,
					      slot + 1, 0));
	close(added);
}

TEST_F(pool, buffers_go_in_any_order)
{
	static const unsigned int order[POOL_SLOTS] = { 2, 0, 3, 1 };
	unsigned int gone, slot;

	pool_own(_metadata, self);
	for (gone = 0; gone < POOL_SLOTS; gone++) {
		ASSERT_EQ(0, munmap(self->map[order[gone]], POOL_PIECE));
		close(self->buf[order[gone]]);
		for (slot = gone + 1; slot < POOL_SLOTS; slot++)
			EXPECT_EQ(-1, udb_stamp_wrong(self->map[order[slot]],
						      POOL_PIECE,
						      order[slot] + 1, 0));
	}
}

TEST_HARNESS_MAIN
