// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers and layouts of include/uapi/linux/udmabuf.h that programs were
 * built with since Linux 4.20. They are the same for 32 and 64 bits.
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
}

TEST(flags)
{
	EXPECT_EQ(0x01, UDMABUF_FLAGS_CLOEXEC);
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

TEST_HARNESS_MAIN
