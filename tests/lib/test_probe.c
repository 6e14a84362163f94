// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why there are no buffers: each reason alone, and the sentence about it.
 */
#include <stdio.h>

#include "fake.h"

FIXTURE(probe) {
	struct fake_held before;
	struct udb_probe probe;
	char text[256];
};

FIXTURE_VARIANT(probe) {
};

FIXTURE_VARIANT_ADD(probe, of) {};

FIXTURE_SETUP(probe)
{
	fake_begin();
	self->before = fake_held();
	memset(&self->probe, 0xa5, sizeof(self->probe));
	self->probe.struct_size = sizeof(self->probe);
}

FIXTURE_TEARDOWN(probe)
{
	EXPECT_HELD(self->before);
}

/* The sentence names what was found, and ends. */
#define EXPECT_SENTENCE(word) do {					\
		EXPECT_EQ(0, udb_probe_explain(&self->probe, self->text,	\
					       sizeof(self->text)));	\
		EXPECT_NE(NULL, strstr(self->text, word))		\
			TH_LOG("it says: %s", self->text);		\
		EXPECT_EQ('.', self->text[strlen(self->text) - 1]);	\
	} while (0)

TEST_F(probe, stock_driver_works)
{
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_NONE, self->probe.reason);
	EXPECT_EQ(0, self->probe.error);
	EXPECT_EQ(UDB_DRIVER_STOCK, self->probe.driver);
	EXPECT_EQ(64UL << 20, self->probe.size_limit);
	EXPECT_EQ(1024, self->probe.list_limit);
	EXPECT_STREQ("/dev/udmabuf", self->probe.node);
	EXPECT_STREQ("", self->probe.version);
	EXPECT_SENTENCE("/dev/udmabuf works");
}

TEST_F(probe, ours_has_a_version)
{
	fake.ours = true;
	fake.ours_name = "udmabuf";
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_DRIVER_NG, self->probe.driver);
	EXPECT_STREQ("0.1.0", self->probe.version);
}

/* Ours is loaded beside the built-in one, which is the one that was opened. */
TEST_F(probe, stock_is_not_ours_that_is_loaded_beside_it)
{
	fake.ours = true;
	fake.ours_name = "udmabuf-ng";
	ASSERT_EQ(0, udb_probe("/dev/udmabuf", &self->probe));
	EXPECT_EQ(UDB_DRIVER_STOCK, self->probe.driver);
}

TEST_F(probe, features)
{
	fake.heap = 0;
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_FEATURE_SYNC_FILE | UDB_FEATURE_THP |
			  UDB_FEATURE_HUGETLB_2M | UDB_FEATURE_HUGETLB_1G |
			  UDB_FEATURE_HEAP,
		  self->probe.features);
}

TEST_F(probe, features_that_are_missing)
{
	fake.no_sysfs = true;
	fake_fail(FAKE_IOCTL, 4, ENOTTY); /* check, create, name, export */
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(0, self->probe.features);
	EXPECT_EQ(UDB_DRIVER_UNKNOWN, self->probe.driver);
	EXPECT_EQ(0, self->probe.size_limit);
}

TEST_F(probe, no_driver)
{
	fake.udmabuf = ENOENT;
	fake.no_sysfs = true;
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_NO_DRIVER, self->probe.reason);
	EXPECT_EQ(-ENOENT, self->probe.error);
	EXPECT_SENTENCE("modprobe udmabuf_ng");
}

/* A container has the host's /sys, but a /dev of its own. */
TEST_F(probe, no_node)
{
	fake.udmabuf = ENOENT;
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_NO_NODE, self->probe.reason);
	EXPECT_SENTENCE("/dev/udmabuf is not");
}

TEST_F(probe, permission)
{
	char want[64];

	fake.udmabuf = EACCES;
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_PERMISSION, self->probe.reason);
	EXPECT_EQ(0660, self->probe.node_mode);
	snprintf(want, sizeof(want), "group %s (mode 0660)", self->probe.group);
	EXPECT_STRNE("", self->probe.group);
	EXPECT_SENTENCE(want);
}

/*
 * The rules of a container on devices: open() says EPERM whatever the mode of the node
 * is, so that a group would not help.
 */
TEST_F(probe, forbidden_by_a_container)
{
	fake.udmabuf = EPERM;
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_PERMISSION, self->probe.reason);
	EXPECT_EQ(-EPERM, self->probe.error);
	EXPECT_SENTENCE("/dev/udmabuf is there, but a container");
	EXPECT_NULL(strstr(self->text, "group"));
}

/* A filter of system calls that lets the node be opened, and no ioctl through. */
TEST_F(probe, forbidden_by_a_filter)
{
	fake_fail(FAKE_IOCTL, 1, EPERM);
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_PERMISSION, self->probe.reason);
	EXPECT_SENTENCE("seccomp");
}

TEST_F(probe, not_udmabuf)
{
	ASSERT_EQ(0, udb_probe("/dev/not-udmabuf", &self->probe));
	EXPECT_EQ(UDB_REASON_NOT_UDMABUF, self->probe.reason);
	EXPECT_SENTENCE("/dev/not-udmabuf is not a udmabuf");
}

/* A filter of system calls lets the node be opened and nothing be done. */
TEST_F(probe, refused)
{
	fake_fail(FAKE_IOCTL, 2, EPERM);
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(UDB_REASON_REFUSED, self->probe.reason);
	EXPECT_EQ(-EPERM, self->probe.error);
	EXPECT_SENTENCE("refuses");
}

TEST_F(probe, path_that_is_too_long)
{
	char path[65];

	memset(path, 'x', sizeof(path) - 1);
	path[64] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, udb_probe(path, &self->probe));
}

TEST_F(probe, sentence_that_does_not_fit)
{
	ASSERT_EQ(0, udb_probe(NULL, &self->probe));
	EXPECT_EQ(-ENOSPC, udb_probe_explain(&self->probe, self->text, 5));
	EXPECT_STREQ("/dev", self->text);
	EXPECT_EQ(-ENOSPC, udb_probe_explain(&self->probe, self->text, 0));
}

TEST_HARNESS_MAIN
