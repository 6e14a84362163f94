// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the validation in ioctl.c, which includes this file: what a list
 * of ranges may be, at its boundaries; and the fields around it.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/prandom.h>

#define RANGES_LAST_PAGE	(U64_MAX & PAGE_MASK) /* the longest of all sizes */

/* A list of one range, or of two. The memfd is looked at elsewhere. */
struct ranges_case {
	const char *name;
	u32 count;
	struct udmabuf_create_item list[2];
	int ret;
};

static const struct ranges_case ranges_cases[] = {
	{ "a page", 1, { { .size = PAGE_SIZE } }, 0 },
	{ "a page far away",
	  1,
	  { { .offset = RANGES_LAST_PAGE, .size = PAGE_SIZE } },
	  0 },
	{ "the same page twice",
	  2,
	  { { .size = PAGE_SIZE }, { .size = PAGE_SIZE } },
	  0 },
	{ "no ranges", 0, {}, -EINVAL },
	{ "size 0", 1, {}, -EINVAL },
	{ "size 1", 1, { { .size = 1 } }, -EINVAL },
	{ "size of a page less one", 1, { { .size = PAGE_SIZE - 1 } }, -EINVAL },
	{ "size of a page and one", 1, { { .size = PAGE_SIZE + 1 } }, -EINVAL },
	{ "the largest size", 1, { { .size = U64_MAX } }, -EINVAL },
	{ "the largest size of pages",
	  1,
	  { { .size = RANGES_LAST_PAGE } },
	  -EINVAL },
	{ "offset 1", 1, { { .offset = 1, .size = PAGE_SIZE } }, -EINVAL },
	{ "offset of a page less one",
	  1,
	  { { .offset = PAGE_SIZE - 1, .size = PAGE_SIZE } },
	  -EINVAL },
	{ "the largest offset",
	  1,
	  { { .offset = U64_MAX, .size = PAGE_SIZE } },
	  -EINVAL },
	{ "the second is empty", 2, { { .size = PAGE_SIZE }, {} }, -EINVAL },
	{ "the second is not of pages",
	  2,
	  { { .size = PAGE_SIZE }, { .size = 1 } },
	  -EINVAL },
	{ "a sum that wraps",
	  2,
	  { { .size = PAGE_SIZE }, { .size = RANGES_LAST_PAGE } },
	  -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(ranges, ranges_cases, name);

static void ranges_test_boundaries(struct kunit *test)
{
	const struct ranges_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->ret, udmabuf_check_ranges(c->list, c->count));
}

/* The limit of all ranges together, in one range and in two, and a page more. */
static void ranges_test_limit(struct kunit *test)
{
	u64 limit = (u64)udmabuf_page_limit() << PAGE_SHIFT;
	struct udmabuf_create_item list[2] = {
		{ .size = limit },
		{ .size = PAGE_SIZE },
	};

	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_ranges(list, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_ranges(list, 2));
	list[0].size = limit - PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_ranges(list, 2));
	list[0].size = limit + PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_ranges(list, 1));
}

/* As many ranges as a list can have by default. */
static void ranges_test_long_list(struct kunit *test)
{
	u32 count = udmabuf_list_limit(), i;
	struct udmabuf_create_item *list;

	list = kvcalloc(count, sizeof(*list), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, list);
	for (i = 0; i < count; i++)
		list[i].size = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_ranges(list, count));
	list[count - 1].size = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_ranges(list, count));
	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_ranges(list, count - 1));
	kvfree(list);
}

/* Ranges of all sizes from nothing to more than everything, often at a boundary. */
static u64 ranges_random(struct rnd_state *rnd)
{
	u64 limit = (u64)udmabuf_page_limit() << PAGE_SHIFT;
	const u64 around[] = { 0, PAGE_SIZE, limit / 2, limit,
			       RANGES_LAST_PAGE };
	u64 value = around[prandom_u32_state(rnd) % ARRAY_SIZE(around)];

	switch (prandom_u32_state(rnd) % 8) {
	case 0:
		return value + 1;
	case 1:
		return value - 1;
	case 2:
		return value + PAGE_SIZE;
	case 3:
		return value - PAGE_SIZE;
	case 4:
		return (u64)(prandom_u32_state(rnd) % 64) << PAGE_SHIFT;
	default:
		return value;
	}
}

/* What the interface says of a list: the sum is too small to wrap, in pages. */
static int ranges_model(const struct udmabuf_create_item *list, u32 count)
{
	u64 nr_pages = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (list[i].offset % PAGE_SIZE || list[i].size % PAGE_SIZE ||
		    list[i].size < PAGE_SIZE)
			return -EINVAL;
		nr_pages += list[i].size / PAGE_SIZE;
	}
	return nr_pages && nr_pages <= udmabuf_page_limit() ? 0 : -EINVAL;
}

static void ranges_test_model(struct kunit *test)
{
	struct udmabuf_create_item list[4];
	unsigned int round, accepted = 0;
	struct rnd_state rnd;
	u32 count, i;
	int ret;

	prandom_seed_state(&rnd, 20261128);
	for (round = 0; round < 20000; round++) {
		count = prandom_u32_state(&rnd) % (ARRAY_SIZE(list) + 1);
		for (i = 0; i < count; i++) {
			list[i].offset = ranges_random(&rnd);
			list[i].size = ranges_random(&rnd);
		}
		ret = udmabuf_check_ranges(list, count);
		KUNIT_ASSERT_EQ_MSG(test, ranges_model(list, count), ret,
				    "round %u", round);
		accepted += !ret;
	}
	/* Neither side of the boundary was left out. */
	KUNIT_EXPECT_GT(test, accepted, 100);
	KUNIT_EXPECT_LT(test, accepted, 19900);
}

/* Of the fields of a request each bit that means nothing, alone. */
static void ranges_test_unknown_bits(struct kunit *test)
{
	struct udmabuf_create_ranges create = { .count = 1 };
	int want;
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		create.flags = BIT(bit);
		want = create.flags & UDMABUF_CREATE_FLAGS ? 0 : -EINVAL;
		KUNIT_EXPECT_EQ(test, want, udmabuf_check_create(&create));
	}
	create.flags = UDMABUF_CREATE_FLAGS;
	for (bit = 0; bit < 32; bit++) {
		create.__reserved = BIT(bit);
		KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_create(&create));
	}
}

static void ranges_test_count(struct kunit *test)
{
	struct udmabuf_create_ranges create = {};

	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_create(&create));
	create.count = udmabuf_list_limit();
	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_create(&create));
	create.count++;
	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_create(&create));
	create.count = U32_MAX;
	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_create(&create));
}

static void ranges_test_pads(struct kunit *test)
{
	struct udmabuf_create_item list[2] = {};

	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_pads(list, 2));
	list[1].__pad = 1;
	KUNIT_EXPECT_EQ(test, 0, udmabuf_check_pads(list, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, udmabuf_check_pads(list, 2));
}

static struct kunit_case ranges_kunit_cases[] = {
	KUNIT_CASE_PARAM(ranges_test_boundaries, ranges_gen_params),
	KUNIT_CASE(ranges_test_limit),
	KUNIT_CASE(ranges_test_long_list),
	KUNIT_CASE(ranges_test_model),
	KUNIT_CASE(ranges_test_unknown_bits),
	KUNIT_CASE(ranges_test_count),
	KUNIT_CASE(ranges_test_pads),
	{}
};

static struct kunit_suite ranges_suite = {
	.name = "udmabuf_ranges",
	.test_cases = ranges_kunit_cases,
};

kunit_test_suite(ranges_suite);
