// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was loaded once, for many programs: who gets it, what they get, and what
 * becomes of it. The driver is made up (tests/lib/fake.h), the sockets are real.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "files.h"
#include "served.h"
#include "wire.h"

#define SIZE	(5 * MIB + 123)
#define NOBODY	65534

#define ONE	"{\"dtype\":\"U8\",\"shape\":[2,4],\"data_offsets\":[0,8]}"
#define TWO	"{\"dtype\":\"I8\",\"shape\":[8],\"data_offsets\":[8,16]}"

FIXTURE(serve) {
	struct udb_device *dev;
	struct udb_load *load;
	struct udb_load *got;
	struct udb_load_failure why;
	struct udb_load_server_opts opts;
	struct served served;
	char path[512];
	char socket[100];
};

static void load_with(struct udb_test *_metadata, FIXTURE_DATA(serve) *self,
		      uint32_t flags)
{
	struct udb_load_opts opts = { .struct_size = sizeof(opts),
				      .flags = UDB_LOAD_XXH3 | UDB_LOAD_SPLIT |
					       flags };
	struct udb_load_source source = { .path = self->path };

	ASSERT_EQ(0, udb_load_files(self->dev, &source, 1, &opts, &self->why,
				    &self->load))
	TH_LOG("%s", self->why.text);
}

static void load_it(struct udb_test *_metadata, FIXTURE_DATA(serve) *self)
{
	load_with(_metadata, self, 0);
}

/* The folder is anybody's, so that only the socket keeps others out. */
FIXTURE_SETUP(serve)
{
	chmod(files_begin(), 0755);
	fake_begin();
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	self->why.struct_size = sizeof(self->why);
	self->opts.struct_size = sizeof(self->opts);
	snprintf(self->path, sizeof(self->path), "%s", files_make("a", SIZE));
	snprintf(self->socket, sizeof(self->socket), "%s", files_path("s"));
	load_it(_metadata, self);
}

FIXTURE_TEARDOWN(serve)
{
	EXPECT_EQ(0, served_end(&self->served));
	udb_load_free(self->got);
	udb_load_free(self->load);
	udb_device_unref(self->dev);
	files_end();
}

static void serve_it(struct udb_test *_metadata, FIXTURE_DATA(serve) *self)
{
	ASSERT_EQ(0, served_begin(&self->served, self->socket, self->load,
				  &self->opts, NULL, 0))
	TH_LOG("%s", self->served.why.text);
}

static int fetch_with(FIXTURE_DATA(serve) *self, uint32_t flags)
{
	struct udb_load_fetch_opts opts = { .struct_size = sizeof(opts),
					    .timeout_ms = 20000,
					    .flags = flags };

	self->got = udb_load_free(self->got);
	return udb_load_fetch(self->socket, &opts, &self->why, &self->got);
}

static int fetch_it(FIXTURE_DATA(serve) *self)
{
	return fetch_with(self, 0);
}

static uint64_t inode_of(const struct udb_load *load, size_t index)
{
	struct udb_info info = { .struct_size = sizeof(info) };
	struct udb_buffer *buf = udb_load_buffer(load, index);

	return buf && !udb_info_get(udb_buffer_fd(buf), &info) ? info.inode : 0;
}

/* A load of a memfd, as there is without a driver. */
static void take_memfd(struct udb_test *_metadata, FIXTURE_DATA(serve) *self)
{
	self->load = udb_load_free(self->load);
	udb_device_unref(self->dev);
	self->dev = files_device();
	load_it(_metadata, self);
}

/*
 * What they get
 */

TEST_F(serve, client_gets_the_same_dmabuf)
{
	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self)) TH_LOG("%s", self->why.text);
	EXPECT_EQ(1, udb_load_nr_buffers(self->got));
	EXPECT_NE(0, inode_of(self->got, 0));
	EXPECT_EQ(inode_of(self->load, 0), inode_of(self->got, 0));
	EXPECT_EQ(udb_load_size(self->load), udb_load_size(self->got));
	EXPECT_EQ(-EOPNOTSUPP, udb_load_memfd(self->got));
}

TEST_F(serve, client_gets_places_and_checksums)
{
	struct udb_load_place want = { .struct_size = sizeof(want) };
	struct udb_load_place place = { .struct_size = sizeof(place) };

	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self));
	ASSERT_EQ(1, udb_load_nr_places(self->got));
	ASSERT_EQ(0, udb_load_place_get(self->load, 0, &want));
	ASSERT_EQ(0, udb_load_place_get(self->got, 0, &place));
	EXPECT_STREQ(want.path, place.path);
	want.path = place.path;
	EXPECT_EQ(0, memcmp(&want, &place, sizeof(want)));
	EXPECT_EQ(UDB_LOAD_XXH3, place.checks);
}

TEST_F(serve, client_gets_the_report)
{
	struct udb_load_report want = { .struct_size = sizeof(want) };
	struct udb_load_report report = { .struct_size = sizeof(report) };

	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self));
	ASSERT_EQ(0, udb_load_report_get(self->load, &want));
	ASSERT_EQ(0, udb_load_report_get(self->got, &report));
	EXPECT_EQ(SIZE, report.bytes);
	EXPECT_EQ(want.bytes_huge, report.bytes_huge);
	EXPECT_EQ(want.backing, report.backing);
	EXPECT_EQ(want.way, report.way);
	EXPECT_EQ(0, report.reads);
	EXPECT_LT(0, report.total_ns);
}

/* Two tensors of 8 bytes, with 40 bytes of header in front of them. */
static const char *make_model(struct udb_test *_metadata)
{
	static const char header[] = "{\"b\":" ONE ",\"a\":" TWO "}";
	const uint64_t size = sizeof(header) - 1;
	const char *path = files_path("m.safetensors");
	FILE *file = fopen(path, "we");

	ASSERT_NE(NULL, file);
	fwrite(&size, sizeof(size), 1, file);
	fwrite(header, size, 1, file);
	fwrite("0123456789abcdef", 16, 1, file);
	fclose(file);
	return path;
}

TEST_F(serve, client_gets_the_tensors)
{
	struct udb_load_tensor tensor = { .struct_size = sizeof(tensor) };
	const struct udb_load_tensors *of;
	struct udb_load_tensors *table;
	uint64_t want, offset;

	snprintf(self->path, sizeof(self->path), "%s", make_model(_metadata));
	self->load = udb_load_free(self->load);
	load_it(_metadata, self);
	ASSERT_EQ(0, udb_load_tensors_open(self->path, NULL, &table));
	ASSERT_EQ(0,
		  served_begin(&self->served, self->socket, self->load, NULL,
			       (const struct udb_load_tensors *const *)&table,
			       1));
	ASSERT_EQ(0, fetch_it(self)) TH_LOG("%s", self->why.text);
	of = udb_load_tensors_of(self->got);
	ASSERT_EQ(2, udb_load_tensors_nr(of));
	ASSERT_EQ(0, udb_load_tensors_get(of, 1, &tensor));
	EXPECT_STREQ("a", tensor.name);
	EXPECT_STREQ("I8", tensor.type);
	EXPECT_STREQ(self->path, tensor.path);
	EXPECT_EQ(1, tensor.nr_dims);
	EXPECT_EQ(8, tensor.dims[0]);
	EXPECT_EQ(0, udb_load_find(self->load, self->path, tensor.offset, 8,
				   &want));
	EXPECT_EQ(0, udb_load_find(self->got, tensor.path, tensor.offset,
				   tensor.size, &offset));
	EXPECT_EQ(want, offset);
	EXPECT_NULL(udb_load_tensors_of(self->load));
	udb_load_tensors_free(table);
}

/* More files than a message can carry: several messages. */
TEST_F_TIMEOUT(serve, many_buffers_come_in_order, 120)
{
	fake.size_limit_mb = 1;
	self->load = udb_load_free(self->load);
	ASSERT_EQ(0, truncate(self->path, 200 * MIB));
	load_it(_metadata, self);
	ASSERT_LT(UDB_WIRE_FDS, udb_load_nr_buffers(self->load));
	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self)) TH_LOG("%s", self->why.text);
	ASSERT_EQ(udb_load_nr_buffers(self->load),
		  udb_load_nr_buffers(self->got));
	for (size_t i = 0; i < udb_load_nr_buffers(self->got); i++)
		EXPECT_EQ(inode_of(self->load, i), inode_of(self->got, i));
}

/* As udmabuf_ng has it. */
static void take_read_only(struct udb_test *_metadata,
			   FIXTURE_DATA(serve) *self)
{
	self->load = udb_load_free(self->load);
	udb_device_unref(self->dev);
	fake.ours = true;
	fake.ours_name = "udmabuf";
	ASSERT_EQ(0, udb_device_open(NULL, &self->dev));
	load_with(_metadata, self, UDB_LOAD_READ_ONLY);
}

TEST_F(serve, dmabuf_is_read_only_if_it_was_loaded_so)
{
	void *addr;

	take_read_only(_metadata, self);
	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self)) TH_LOG("%s", self->why.text);
	EXPECT_EQ(UDB_READ, udb_load_access(self->got));
	EXPECT_EQ(inode_of(self->load, 0), inode_of(self->got, 0));
	EXPECT_TRUE(fake_is_read_only(
		udb_buffer_fd(udb_load_buffer(self->got, 0))));
	ASSERT_EQ(0, udb_load_map(self->got, NULL, &addr));
	udb_unmap(addr, udb_load_size(self->got));
}

TEST_F(serve, memfd_is_read_only)
{
	const uint8_t *all;
	int fd;

	take_memfd(_metadata, self);
	serve_it(_metadata, self);
	EXPECT_EQ(-EPERM, fetch_it(self));
	ASSERT_EQ(0, fetch_with(self, UDB_LOAD_FETCH_MEMFD));
	EXPECT_EQ(0, udb_load_nr_buffers(self->got));
	EXPECT_EQ(UDB_READ, udb_load_access(self->got));
	fd = udb_load_memfd(self->got);
	EXPECT_EQ(-1, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0));
	all = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, all);
	EXPECT_EQ(SIZE, files_wrong(all, 0, SIZE));
	munmap((void *)all, SIZE);
}

TEST_F(serve, memfd_is_writable_if_that_is_asked_for)
{
	take_memfd(_metadata, self);
	self->opts.flags = UDB_LOAD_SERVER_WRITABLE;
	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_with(self, UDB_LOAD_FETCH_MEMFD));
	EXPECT_EQ(UDB_READ | UDB_WRITE, udb_load_access(self->got));
	EXPECT_EQ(1, pwrite(udb_load_memfd(self->got), "x", 1, 0));
}

/* Restart of a client costs no load: there is one, and it is the same memory. */
TEST_F(serve, each_client_gets_the_same)
{
	uint64_t inode;

	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self));
	inode = inode_of(self->got, 0);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, fetch_it(self));
		EXPECT_EQ(inode, inode_of(self->got, 0));
	}
	ASSERT_NE(NULL, served_event(&self->served, 20));
	EXPECT_EQ(21, self->served.events[20].handed);
}

TEST_F(serve, caller_is_told_of_clients)
{
	const struct udb_load_event *event;

	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self));
	event = served_event(&self->served, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(UDB_LOAD_EVENT_HANDED, event->kind);
	EXPECT_EQ(getpid(), event->pid);
	EXPECT_EQ(getuid(), event->uid);
	EXPECT_EQ(1, event->handed);
	EXPECT_EQ(0, event->error);
}

TEST_F(serve, buffers_outlive_the_server)
{
	uint64_t inode = inode_of(self->load, 0);

	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self));
	EXPECT_EQ(0, served_end(&self->served));
	self->load = udb_load_free(self->load);
	EXPECT_EQ(inode, inode_of(self->got, 0));
}

/* A client that was one can serve what it got. */
TEST_F(serve, what_was_fetched_can_be_served)
{
	struct udb_load *first;
	uint64_t inode = inode_of(self->load, 0);

	serve_it(_metadata, self);
	ASSERT_EQ(0, fetch_it(self));
	EXPECT_EQ(0, served_end(&self->served));
	first = self->got;
	self->got = NULL;
	ASSERT_EQ(0, served_begin(&self->served, self->socket, first, NULL,
				  NULL, 0));
	ASSERT_EQ(0, fetch_it(self));
	EXPECT_EQ(inode, inode_of(self->got, 0));
	EXPECT_EQ(0, served_end(&self->served));
	udb_load_free(first);
}

/*
 * Who gets it
 */

/* Fetches as somebody else; what that gave. */
static int fetch_as(
	FIXTURE_DATA(serve) *self, uid_t uid, gid_t gid, gid_t other)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgroups(other ? 1 : 0, &other) || setgid(gid) ||
		    setuid(uid))
			_exit(250);
		_exit(-fetch_it(self));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	return -WEXITSTATUS(status);
}

static bool is_root(void)
{
	return !geteuid();
}

#define NEED_ROOT() do {						\
		if (!is_root())						\
			SKIP(return, "only root can become others");	\
	} while (0)

TEST_F(serve, others_are_kept_out_by_the_socket)
{
	NEED_ROOT();
	serve_it(_metadata, self);
	EXPECT_EQ(-EACCES, fetch_as(self, NOBODY, NOBODY, 0));
	EXPECT_EQ(0, self->served.nr);
}

TEST_F(serve, others_are_refused_by_who_they_are)
{
	const struct udb_load_event *event;

	NEED_ROOT();
	self->opts.mode = 0666;
	serve_it(_metadata, self);
	EXPECT_EQ(-EACCES, fetch_as(self, NOBODY, NOBODY, 0));
	event = served_event(&self->served, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(UDB_LOAD_EVENT_REFUSED, event->kind);
	EXPECT_EQ(NOBODY, event->uid);
	EXPECT_EQ(-EACCES, event->error);
	EXPECT_EQ(0, event->handed);
}

TEST_F(serve, users_of_the_list_get_it)
{
	static const uint32_t uids[] = { 7, NOBODY };

	NEED_ROOT();
	self->opts.uids = uids;
	self->opts.nr_uids = 2;
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_as(self, NOBODY, 1234, 0));
	EXPECT_EQ(0, fetch_as(self, 7, 1234, 0));
	EXPECT_EQ(-EACCES, fetch_as(self, 8, 1234, 0));
}

TEST_F(serve, members_of_a_group_get_it)
{
	static const uint32_t gids[] = { 4321 };

	NEED_ROOT();
	self->opts.gids = gids;
	self->opts.nr_gids = 1;
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_as(self, NOBODY, 4321, 0));
	EXPECT_EQ(0, fetch_as(self, NOBODY, 1234, 4321));
	EXPECT_EQ(-EACCES, fetch_as(self, NOBODY, 1234, 0));
}

TEST_F(serve, members_of_several_groups_get_it)
{
	static const uint32_t gids[] = { 4321, 4322 };

	NEED_ROOT();
	self->opts.gids = gids;
	self->opts.nr_gids = 2;
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_as(self, NOBODY, 1234, 4322));
	EXPECT_EQ(-EACCES, fetch_as(self, NOBODY, 1234, 4323));
}

TEST_F(serve, anybody_gets_it_if_asked_for)
{
	NEED_ROOT();
	self->opts.flags = UDB_LOAD_SERVER_ANYBODY;
	serve_it(_metadata, self);
	EXPECT_EQ(0, fetch_as(self, NOBODY, 1234, 0));
}

/* Whatever the umask is. */
TEST_F(serve, socket_has_the_permissions_that_fit)
{
	static uint32_t ids[] = { 0, 4322 };
	static const struct {
		uint32_t uids, gids, flags, mode, want;
	} cases[] = {
		{ 0, 0, 0, 0, 0600 },
		{ 1, 0, 0, 0, 0666 },
		{ 0, 1, 0, 0, 0660 },
		{ 0, 2, 0, 0, 0666 },
		{ 0, 0, UDB_LOAD_SERVER_ANYBODY, 0, 0666 },
		{ 1, 1, 0, 0640, 0640 },
	};
	struct stat st;

	umask(027);
	ids[0] = getegid();
	self->opts.uids = ids;
	self->opts.gids = ids;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		self->opts.nr_uids = cases[i].uids;
		self->opts.nr_gids = cases[i].gids;
		self->opts.flags = cases[i].flags;
		self->opts.mode = cases[i].mode;
		serve_it(_metadata, self);
		ASSERT_EQ(0, lstat(self->socket, &st));
		EXPECT_EQ(S_IFSOCK | cases[i].want, st.st_mode);
		EXPECT_EQ(getegid(), st.st_gid);
		EXPECT_EQ(0, served_end(&self->served));
	}
}

TEST_HARNESS_MAIN
