// SPDX-License-Identifier: GPL-2.0-only
/*
 * The display vkms reads frames out of buffers, and writes what it composed
 * into buffers, by a kernel mapping of each: what arrives is compared pixel by
 * pixel. Guards against a vmap() of the wrong pages, as the driver of 6.12 has
 * it for every folio of more than one page.
 */
#include "common.h"
#include "vkms_display.h"

/*
 * Some lines lie across the end of a page, and the frame in two huge pages. It
 * begins where the buffer does: where it reads, vkms of Linux 7.3 adds the
 * offset of a frame twice.
 */
#define SIZE		(2 * UDB_HUGE)
#define NR_PAGES	(SIZE / UDB_PAGE)
#define PITCH		(4 * UDB_PAGE + 256)
#define NR_PIXELS	(VKMS_WIDTH * VKMS_HEIGHT)
#define UNTOUCHED	0x5a

FIXTURE(vkms) {
	struct vkms_display display;
	struct vkms_frame own;
	struct vkms_frame frame;
	uint32_t *own_mem;
	int dev;
	int memfd;
	int buf;
	char *mem;
};

/* With the pages of the memfd in order, or the last one first. */
FIXTURE_VARIANT(vkms) {
	enum udb_backing backing;
	bool reversed;
};

FIXTURE_VARIANT_ADD(vkms, shmem_4k) {
	.backing = UDB_SHMEM_4K,
};

FIXTURE_VARIANT_ADD(vkms, shmem_thp) {
	.backing = UDB_SHMEM_THP,
};

FIXTURE_VARIANT_ADD(vkms, hugetlb_2m) {
	.backing = UDB_HUGETLB_2M,
};

FIXTURE_VARIANT_ADD(vkms, shmem_4k_reversed) {
	.backing = UDB_SHMEM_4K,
	.reversed = true,
};

FIXTURE_VARIANT_ADD(vkms, shmem_thp_reversed) {
	.backing = UDB_SHMEM_THP,
	.reversed = true,
};

FIXTURE_VARIANT_ADD(vkms, hugetlb_2m_reversed) {
	.backing = UDB_HUGETLB_2M,
	.reversed = true,
};

static int create_reversed(int dev, int memfd)
{
	static struct udmabuf_create_item items[NR_PAGES];
	uint32_t i;

	for (i = 0; i < NR_PAGES; i++) {
		items[i].memfd = (uint32_t)memfd;
		items[i].offset = (NR_PAGES - 1 - i) * UDB_PAGE;
		items[i].size = UDB_PAGE;
	}
	return udb_create_list(dev, items, NR_PAGES);
}

FIXTURE_SETUP(vkms)
{
	ASSERT_EQ(0, vkms_display_open(&self->display))
	TH_LOG("there is no vkms, or it has no writeback connector");
	ASSERT_EQ(0,
		  vkms_frame_own(&self->display, &self->own_mem, &self->own));
	UDB_DEV_OPEN(self->dev);
	UDB_MEMFD_OR_SKIP(self->memfd, variant->backing, SIZE);
	self->mem = udb_map(self->memfd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, self->mem);
	self->buf = variant->reversed ?
			    create_reversed(self->dev, self->memfd) :
			    udb_create(self->dev, self->memfd, 0, SIZE);
	ASSERT_GE(self->buf, 0);
	ASSERT_EQ(0, vkms_frame_import(&self->display, self->buf, PITCH,
				       &self->frame));
}

FIXTURE_TEARDOWN(vkms)
{
	munmap(self->own_mem, VKMS_FRAME_BYTES);
	munmap(self->mem, SIZE);
	close(self->buf);
	close(self->memfd);
	close(self->dev);
	vkms_display_close(&self->display);
}

/* What a pixel of a picture looks like: noise, but for the byte without use. */
static uint32_t pixel(uint32_t picture, uint32_t index)
{
	uint32_t x = (picture << 24) + index;

	x = (x ^ x >> 16) * 0x45d9f3b;
	x = (x ^ x >> 16) * 0x45d9f3b;
	return (x ^ x >> 16) | 0xff000000;
}

/* Where in the memfd a pixel lies. */
static size_t place(bool reversed, uint32_t index)
{
	size_t at = index / VKMS_WIDTH * PITCH + index % VKMS_WIDTH * 4;

	if (reversed)
		at = (NR_PAGES - 1 - at / UDB_PAGE) * UDB_PAGE + at % UDB_PAGE;
	return at;
}

static void draw(char *mem, bool reversed, uint32_t picture)
{
	uint32_t i, value;

	for (i = 0; i < NR_PIXELS; i++) {
		value = pixel(picture, i);
		memcpy(mem + place(reversed, i), &value, sizeof(value));
	}
}

static void draw_own(uint32_t *mem, uint32_t picture)
{
	uint32_t i;

	for (i = 0; i < NR_PIXELS; i++)
		mem[i] = pixel(picture, i);
}

/* The first pixel that is wrong, or -1. */
static long first_wrong(const char *mem, bool reversed, uint32_t picture)
{
	uint32_t i, value;

	for (i = 0; i < NR_PIXELS; i++) {
		memcpy(&value, mem + place(reversed, i), sizeof(value));
		if (value != pixel(picture, i))
			return i;
	}
	return -1;
}

static long first_wrong_own(const uint32_t *mem, uint32_t picture)
{
	uint32_t i;

	for (i = 0; i < NR_PIXELS; i++)
		if (mem[i] != pixel(picture, i))
			return i;
	return -1;
}

TEST_F(vkms, shows_what_was_drawn)
{
	draw(self->mem, variant->reversed, 1);
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->frame, &self->own));
	EXPECT_EQ(-1, first_wrong_own(self->own_mem, 1));
}

TEST_F(vkms, writes_what_was_shown)
{
	draw_own(self->own_mem, 2);
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->own, &self->frame));
	EXPECT_EQ(-1, first_wrong(self->mem, variant->reversed, 2));
}

/* Everything that is not a pixel keeps its value. */
TEST_F(vkms, writes_nothing_else)
{
	size_t i, wrong = 0;

	memset(self->mem, UNTOUCHED, SIZE);
	draw_own(self->own_mem, 3);
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->own, &self->frame));
	for (i = 0; i < NR_PIXELS; i++)
		memset(self->mem + place(variant->reversed, (uint32_t)i),
		       UNTOUCHED, 4);
	for (i = 0; i < SIZE; i++)
		wrong += self->mem[i] != UNTOUCHED;
	EXPECT_EQ(0, wrong);
}

TEST_F(vkms, shows_the_next_picture_in_the_same_memory)
{
	draw(self->mem, variant->reversed, 4);
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->frame, &self->own));
	ASSERT_EQ(0,
		  udb_sync(self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	draw(self->mem, variant->reversed, 5);
	ASSERT_EQ(0,
		  udb_sync(self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->frame, &self->own));
	EXPECT_EQ(-1, first_wrong_own(self->own_mem, 5));
}

TEST_F(vkms, shows_a_buffer_that_nobody_else_has)
{
	draw(self->mem, variant->reversed, 6);
	close(self->buf);
	close(self->dev);
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->frame, &self->own));
	EXPECT_EQ(-1, first_wrong_own(self->own_mem, 6));
}

/* A write seal shows that somebody still has the pages. */
TEST_F(vkms, lets_go_of_the_buffer)
{
	draw(self->mem, variant->reversed, 7);
	ASSERT_EQ(0,
		  vkms_display_show(&self->display, &self->frame, &self->own));
	munmap(self->mem, SIZE);
	close(self->buf);
	EXPECT_ERRNO(EBUSY, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_EQ(0, vkms_display_off(&self->display));
	ASSERT_EQ(0, vkms_frame_release(&self->display, &self->frame));
	EXPECT_EQ(0, fcntl(self->memfd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST_HARNESS_MAIN
