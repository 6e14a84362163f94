// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers and layouts of include/uapi/linux/udmabuf.h that programs were
 * built with: those of Linux 4.20, and what came with udmabuf-ng. They are the same
 * for 32 and 64 bits.
 */
#include <linux/udmabuf.h>

#include "udb_harness.h"

#define EXPECT_MEMBER(type, member, at, bytes) do {			\
		EXPECT_EQ(at, offsetof(struct type, member));		\
		EXPECT_EQ(bytes, sizeof(((struct type *)0)->member));	\
	} while (0)

TEST(ioctl_numbers)
{
	EXPECT_EQ(0x40187542, UDMABUF_CREATE);
	EXPECT_EQ(0x40087543, UDMABUF_CREATE_LIST);
	EXPECT_EQ(0x7560, UDMABUF_QUERY);
	EXPECT_EQ(0x7561, UDMABUF_CREATE_RANGES);
	EXPECT_EQ(0x7562, UDMABUF_INFO);
}

TEST(flags)
{
	EXPECT_EQ(0x01, UDMABUF_FLAGS_CLOEXEC);
	EXPECT_EQ(0x02, UDMABUF_FLAGS_READ_ONLY);
	EXPECT_EQ(0x01, UDMABUF_FEATURE_READ_ONLY);
	EXPECT_EQ(0x02, UDMABUF_FEATURE_INFO);
	EXPECT_EQ(0x04, UDMABUF_FEATURE_ACCOUNT);
	EXPECT_EQ(0, UDMABUF_ACCOUNT_NONE);
	EXPECT_EQ(1, UDMABUF_ACCOUNT_MEMLOCK);
	EXPECT_EQ(0x01, UDMABUF_INFO_READ_ONLY);
	EXPECT_EQ(0x02, UDMABUF_INFO_SEALED);
	EXPECT_EQ(32, UDMABUF_INFO_ORDERS);
}

TEST(create)
{
	EXPECT_EQ(24, sizeof(struct udmabuf_create));
	EXPECT_EQ(8, _Alignof(struct udmabuf_create));
	EXPECT_MEMBER(udmabuf_create, memfd, 0, 4);
	EXPECT_MEMBER(udmabuf_create, flags, 4, 4);
	EXPECT_MEMBER(udmabuf_create, offset, 8, 8);
	EXPECT_MEMBER(udmabuf_create, size, 16, 8);
}

TEST(create_item)
{
	EXPECT_EQ(24, sizeof(struct udmabuf_create_item));
	EXPECT_MEMBER(udmabuf_create_item, memfd, 0, 4);
	EXPECT_MEMBER(udmabuf_create_item, __pad, 4, 4);
	EXPECT_MEMBER(udmabuf_create_item, offset, 8, 8);
	EXPECT_MEMBER(udmabuf_create_item, size, 16, 8);
}

TEST(create_list)
{
	EXPECT_EQ(8, sizeof(struct udmabuf_create_list));
	EXPECT_MEMBER(udmabuf_create_list, flags, 0, 4);
	EXPECT_MEMBER(udmabuf_create_list, count, 4, 4);
	EXPECT_EQ(8, offsetof(struct udmabuf_create_list, list));
	EXPECT_EQ(24, sizeof(((struct udmabuf_create_list *)0)->list[0]));
}

/* What can grow has no hole, neither within nor at its end. */
TEST(query)
{
	EXPECT_EQ(64, sizeof(struct udmabuf_query));
	EXPECT_MEMBER(udmabuf_query, size, 0, 4);
	EXPECT_MEMBER(udmabuf_query, flags, 4, 4);
	EXPECT_MEMBER(udmabuf_query, features, 8, 8);
	EXPECT_MEMBER(udmabuf_query, size_limit, 16, 8);
	EXPECT_MEMBER(udmabuf_query, huge_sizes, 24, 8);
	EXPECT_MEMBER(udmabuf_query, list_limit, 32, 4);
	EXPECT_MEMBER(udmabuf_query, create_flags, 36, 4);
	EXPECT_MEMBER(udmabuf_query, account, 40, 4);
	EXPECT_MEMBER(udmabuf_query, __reserved, 44, 4);
	EXPECT_MEMBER(udmabuf_query, version, 48, 16);
}

TEST(create_ranges)
{
	EXPECT_EQ(24, sizeof(struct udmabuf_create_ranges));
	EXPECT_MEMBER(udmabuf_create_ranges, size, 0, 4);
	EXPECT_MEMBER(udmabuf_create_ranges, flags, 4, 4);
	EXPECT_MEMBER(udmabuf_create_ranges, ranges, 8, 8);
	EXPECT_MEMBER(udmabuf_create_ranges, count, 16, 4);
	EXPECT_MEMBER(udmabuf_create_ranges, __reserved, 20, 4);
}

TEST(info)
{
	EXPECT_EQ(304, sizeof(struct udmabuf_info));
	EXPECT_MEMBER(udmabuf_info, size, 0, 4);
	EXPECT_MEMBER(udmabuf_info, fd, 4, 4);
	EXPECT_MEMBER(udmabuf_info, flags, 8, 8);
	EXPECT_MEMBER(udmabuf_info, bytes, 16, 8);
	EXPECT_MEMBER(udmabuf_info, runs, 24, 8);
	EXPECT_MEMBER(udmabuf_info, huge_entries, 32, 8);
	EXPECT_MEMBER(udmabuf_info, attachments, 40, 4);
	EXPECT_MEMBER(udmabuf_info, mapped, 44, 4);
	EXPECT_MEMBER(udmabuf_info, folios, 48, 256);
}

TEST_HARNESS_MAIN
