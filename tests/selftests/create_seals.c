// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seals. The memory must not go away under a device (F_SEAL_SHRINK is wanted),
 * and who was promised that nobody writes must not be deceived by a device
 * (F_SEAL_WRITE and F_SEAL_FUTURE_WRITE are denied, and refused later while a
 * buffer lives). All other seals are the owner's business.
 */
#include <linux/memfd.h>
#include <pthread.h>

#include "common.h"

#define SIZE	UDB_HUGE

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL		0x0008U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC		0x0020
#endif

FIXTURE(seals) {
	int dev;
	int memfd;
	int buf;
};

UDB_BACKING_VARIANTS(seals);

FIXTURE_SETUP(seals)
{
	TH_CHECK_FDS();
	UDB_DEV_OPEN(self->dev);
	self->memfd = udb_memfd_sealed(variant->backing, SIZE, 0);
	ASSERT_GE(self->memfd, 0);
	ASSERT_EQ(0, udb_memfd_populate(variant->backing, self->memfd, SIZE));
	self->buf = -1;
}

FIXTURE_TEARDOWN(seals)
{
	if (self->buf >= 0)
		close(self->buf);
	close(self->memfd);
	close(self->dev);
}

static int add_seals(FIXTURE_DATA(seals) *self, int seals)
{
	return fcntl(self->memfd, F_ADD_SEALS, seals);
}

static int create(FIXTURE_DATA(seals) *self)
{
	return udb_create(self->dev, self->memfd, 0, SIZE);
}

TEST_F(seals, shrink_is_enough)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf = create(self);
	EXPECT_GE(self->buf, 0);
}

TEST_F(seals, none_refused)
{
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(seals, all_but_shrink_refused)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_GROW | F_SEAL_SEAL));
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(seals, write_refused)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK | F_SEAL_WRITE));
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(seals, future_write_refused)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE));
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(seals, grow_and_seal_allowed)
{
	ASSERT_EQ(0,
		  add_seals(self, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
	self->buf = create(self);
	EXPECT_GE(self->buf, 0);
}

/* A memfd that was made without MFD_ALLOW_SEALING never gets the seal. */
TEST_F(seals, unsealable_refused)
{
	unsigned int flags = MFD_CLOEXEC;
	int fd;

	if (variant->backing == UDB_HUGETLB_2M)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	fd = memfd_create("unsealable", flags);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	EXPECT_ERRNO(EINVAL, udb_create(self->dev, fd, 0, SIZE));
	close(fd);
}

/* Half of the programs seal before they give the memfd its size. */
TEST_F(seals, sealed_before_it_had_a_size)
{
	int fd = udb_memfd_bare(variant->backing);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	ASSERT_EQ(0, udb_memfd_populate(variant->backing, fd, SIZE));
	self->buf = udb_create(self->dev, fd, 0, SIZE);
	EXPECT_GE(self->buf, 0);
	close(fd);
}

/* A write seal would be a lie as long as devices can write. */
TEST_F(seals, write_is_busy_while_the_buffer_lives)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf = create(self);
	ASSERT_GE(self->buf, 0);
	EXPECT_ERRNO(EBUSY, add_seals(self, F_SEAL_WRITE));
	EXPECT_EQ(F_SEAL_SHRINK, fcntl(self->memfd, F_GET_SEALS));
}

TEST_F(seals, write_is_possible_afterwards)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf = create(self);
	ASSERT_GE(self->buf, 0);
	close(self->buf);
	self->buf = -1;
	EXPECT_EQ(0, add_seals(self, F_SEAL_WRITE));
	EXPECT_ERRNO(EINVAL, create(self));
}

/* One page of the memfd in the buffer is as bad as all. */
TEST_F(seals, write_is_busy_for_one_page)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf =
		udb_create(self->dev, self->memfd, 100 * UDB_PAGE, UDB_PAGE);
	ASSERT_GE(self->buf, 0);
	EXPECT_ERRNO(EBUSY, add_seals(self, F_SEAL_WRITE));
	close(self->buf);
	self->buf = -1;
	EXPECT_EQ(0, add_seals(self, F_SEAL_WRITE));
}

/* A buffer that has the same pages twice lets all of them go. */
TEST_F(seals, write_is_possible_after_overlaps)
{
	struct udmabuf_create_item items[] = {
		{ .memfd = self->memfd, .size = SIZE },
		{ .memfd = self->memfd,
		  .offset = UDB_PAGE,
		  .size = 3 * UDB_PAGE },
		{ .memfd = self->memfd,
		  .offset = 2 * UDB_PAGE,
		  .size = SIZE - 2 * UDB_PAGE },
		{ .memfd = self->memfd,
		  .offset = 2 * UDB_PAGE,
		  .size = UDB_PAGE },
	};

	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf = udb_create_list(self->dev, items, 4);
	ASSERT_GE(self->buf, 0);
	close(self->buf);
	self->buf = -1;
	EXPECT_EQ(0, add_seals(self, F_SEAL_WRITE));
}

/*
 * The other promise, of read-only mappings from now on, is about mappings of the
 * memfd. The memory manager gives it without a look at pins, so no driver can
 * stop it; what holds is that the buffer stays what it was, and is the last one.
 */
TEST_F(seals, future_write_leaves_the_buffer_alone)
{
	char *map;

	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf = create(self);
	ASSERT_GE(self->buf, 0);
	EXPECT_EQ(0, add_seals(self, F_SEAL_FUTURE_WRITE));
	EXPECT_ERRNO(EPERM, (long)mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				       MAP_SHARED, self->memfd, 0));
	map = udb_map(self->buf, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, map);
	udb_stamp(map, SIZE, 1, 0);
	EXPECT_EQ(-1, udb_stamp_wrong(map, SIZE, 1, 0));
	munmap(map, SIZE);
	EXPECT_ERRNO(EINVAL, create(self));
}

TEST_F(seals, no_shrinking_while_the_buffer_lives)
{
	ASSERT_EQ(0, add_seals(self, F_SEAL_SHRINK));
	self->buf = create(self);
	ASSERT_GE(self->buf, 0);
	EXPECT_ERRNO(EPERM, ftruncate(self->memfd, 0));
}

/* MFD_NOEXEC_SEAL comes with F_SEAL_EXEC, which is about the mode only. */
TEST(exec_seal_allowed)
{
	int memfd, dev, buf;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(dev);
	memfd = memfd_create("noexec", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (memfd < 0 && errno == EINVAL)
		SKIP(return, "the kernel has no MFD_NOEXEC_SEAL");
	ASSERT_GE(memfd, 0);
	ASSERT_EQ(0, ftruncate(memfd, SIZE));
	ASSERT_EQ(0, fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	EXPECT_EQ(F_SEAL_EXEC, fcntl(memfd, F_GET_SEALS) & F_SEAL_EXEC);
	buf = udb_create(dev, memfd, 0, SIZE);
	EXPECT_GE(buf, 0);
	close(buf);
	close(memfd);
	close(dev);
}

/*
 * The race: one thread creates, another adds F_SEAL_WRITE. Either may win, but
 * when both do, there is a writable buffer of memory that is sealed against
 * writing. The driver must look at the seals and pin under the inode's lock.
 */
struct race {
	int memfd;
	pthread_barrier_t start;
	int sealed;
};

static void *race_seal(void *arg)
{
	struct race *race = arg;

	pthread_barrier_wait(&race->start);
	race->sealed = fcntl(race->memfd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
	return NULL;
}

static void race_once(struct udb_test *_metadata, int dev, int *created,
		      int *sealed)
{
	struct race race = { .memfd = udb_memfd_empty(UDB_SHMEM_4K, SIZE) };
	pthread_t thread;
	int buf;

	ASSERT_GE(race.memfd, 0);
	pthread_barrier_init(&race.start, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, race_seal, &race));
	pthread_barrier_wait(&race.start);
	buf = udb_create(dev, race.memfd, 0, SIZE);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&race.start);

	EXPECT_FALSE(buf >= 0 && race.sealed);
	*created += buf >= 0;
	*sealed += race.sealed;
	if (buf >= 0)
		close(buf);
	close(race.memfd);
}

TEST_TIMEOUT(write_seal_against_create, 60)
{
	int dev, i, created = 0, sealed = 0;

	TH_CHECK_FDS();
	UDB_DEV_OPEN(dev);
	for (i = 0; i < 100; i++)
		race_once(_metadata, dev, &created, &sealed);
	TH_LOG("created %d times, sealed %d times", created, sealed);
	close(dev);
}

TEST_HARNESS_MAIN
