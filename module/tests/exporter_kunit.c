// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the scatterlists of exporter.c, which includes this file: how
 * runs are cut to what a device takes. The pages are never looked at.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#define SEGMENTS_RUNS	16
#define SEGMENTS_PFN	0x1000	/* any memory */

/**
 * struct segments_fixture - a device, and runs for it
 * @dev: a device that says what it takes
 * @takes: what it says
 * @runs: some runs
 * @run: their array
 */
struct segments_fixture {
	struct device *dev;
	struct device_dma_parameters takes;
	struct udmabuf_runs runs;
	struct udmabuf_run run[SEGMENTS_RUNS];
};

static int segments_init(struct kunit *test)
{
	struct segments_fixture *fix =
		kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fix);
	fix->dev = kunit_device_register(test, "udmabuf-segments");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fix->dev);
	fix->dev->dma_parms = &fix->takes;
	fix->runs.run = fix->run;
	fix->runs.capacity = SEGMENTS_RUNS;
	test->priv = fix;
	return 0;
}

static void segments_exit(struct kunit *test)
{
	struct segments_fixture *fix = test->priv;

	if (fix)
		fix->dev->dma_parms = NULL;
}

/* Runs that do not meet. */
static void segments_add_run(struct kunit *test, pgoff_t nr_pages)
{
	struct udmabuf_runs *runs =
		&((struct segments_fixture *)test->priv)->runs;

	KUNIT_ASSERT_EQ(test, 0,
			udmabuf_runs_append(runs,
					    SEGMENTS_PFN + 2 * runs->nr_pages,
					    nr_pages, false));
}

/* What a device says that it takes, and how many pages a segment then has. */
struct segments_size_case {
	unsigned int bytes;
	pgoff_t nr_pages;
};

static const struct segments_size_case segments_size_cases[] = {
	{ 0, SZ_64K >> PAGE_SHIFT }, /* the default of the DMA interface */
	{ 1, 1 },
	{ PAGE_SIZE - 1, 1 },
	{ PAGE_SIZE, 1 },
	{ 2 * PAGE_SIZE - 1, 1 },
	{ 2 * PAGE_SIZE, 2 },
	{ UINT_MAX - 1, UINT_MAX >> PAGE_SHIFT },
	{ UINT_MAX, UINT_MAX >> PAGE_SHIFT },
};

static void segments_size_describe(const struct segments_size_case *c,
				   char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", c->bytes);
}

KUNIT_ARRAY_PARAM(segments_size, segments_size_cases, segments_size_describe);

static void segments_test_size(struct kunit *test)
{
	const struct segments_size_case *c = test->param_value;
	struct segments_fixture *fix = test->priv;

	fix->takes.max_segment_size = c->bytes;
	KUNIT_EXPECT_EQ(test, c->nr_pages, udmabuf_segment_pages(fix->dev));
}

/* How many segments a run of @nr_pages makes. */
struct segments_count_case {
	pgoff_t nr_pages;
	pgoff_t segment_pages;
	unsigned int count;
	int ret;
};

static const struct segments_count_case segments_count_cases[] = {
	{ 0, 1, 0, 0 },
	{ 1, 1, 1, 0 },
	{ 1, 512, 1, 0 },
	{ 511, 512, 1, 0 },
	{ 512, 512, 1, 0 },
	{ 513, 512, 2, 0 },
	{ 512, 1, 512, 0 },
	{ 512, UINT_MAX >> PAGE_SHIFT, 1, 0 },
	{ UINT_MAX - 1, 1, UINT_MAX - 1, 0 },
	{ UINT_MAX, 1, UINT_MAX, 0 },
	{ (pgoff_t)UINT_MAX + 1, 1, 0, -EOVERFLOW },
	{ (pgoff_t)UINT_MAX + 1, 2, 1U << 31, 0 },
};

static void segments_count_describe(const struct segments_count_case *c,
				    char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages by %lu", c->nr_pages,
		 c->segment_pages);
}

KUNIT_ARRAY_PARAM(segments_count, segments_count_cases,
		  segments_count_describe);

static void segments_test_count(struct kunit *test)
{
	const struct segments_count_case *c = test->param_value;
	struct segments_fixture *fix = test->priv;
	unsigned int count = 0;

	segments_add_run(test, c->nr_pages);
	KUNIT_EXPECT_EQ(test, c->ret,
			udmabuf_count_segments(&fix->runs, c->segment_pages,
					       &count));
	KUNIT_EXPECT_EQ(test, c->count, count);
}

/* A table cannot have more entries than it can count: none is allocated. */
static void segments_test_too_many(struct kunit *test)
{
	struct segments_fixture *fix = test->priv;
	struct sg_table table = {};

	fix->takes.max_segment_size = PAGE_SIZE;
	segments_add_run(test, (pgoff_t)UINT_MAX + 1);
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			udmabuf_build_table(&fix->runs, fix->dev, &table));
	KUNIT_EXPECT_NULL(test, table.sgl);
}

/*
 * A table against the runs that it was made of: each page once and in order, no
 * segment over the end of a run or longer than @max, and none shorter than need be.
 */
static void segments_check_table(struct kunit *test,
				 const struct sg_table *table, pgoff_t max)
{
	struct segments_fixture *fix = test->priv;
	struct udmabuf_extent extent;
	struct scatterlist *sg;
	pgoff_t page = 0;
	unsigned int i;

	for_each_sgtable_sg(table, sg, i) {
		KUNIT_ASSERT_TRUE(test, udmabuf_runs_slice(&fix->runs, page,
							   max, &extent));
		KUNIT_ASSERT_EQ(test, 0, sg->offset);
		KUNIT_ASSERT_EQ(test, extent.pfn, page_to_pfn(sg_page(sg)));
		KUNIT_ASSERT_EQ(test, extent.nr_pages << PAGE_SHIFT,
				sg->length);
		page += extent.nr_pages;
	}
	KUNIT_ASSERT_EQ(test, fix->runs.nr_pages, page);
}

static void segments_test_tables(struct kunit *test)
{
	struct segments_fixture *fix = test->priv;
	struct sg_table table;
	struct rnd_state rnd;
	unsigned int round;
	pgoff_t max;

	prandom_seed_state(&rnd, 20261123);
	for (round = 0; round < 200; round++) {
		udmabuf_runs_clear(&fix->runs);
		do {
			segments_add_run(test,
					 1 + prandom_u32_state(&rnd) % 40);
		} while (fix->runs.nr < SEGMENTS_RUNS &&
			 prandom_u32_state(&rnd) % 8);
		max = 1 + prandom_u32_state(&rnd) % 20;
		fix->takes.max_segment_size = max << PAGE_SHIFT;
		KUNIT_ASSERT_EQ(test, 0,
				udmabuf_build_table(&fix->runs, fix->dev,
						    &table));
		segments_check_table(test, &table, max);
		sg_free_table(&table);
	}
}

/* Which direction is synced, for each of a mapping and each that is asked for. */
static void segments_test_narrow(struct kunit *test)
{
	static const int wanted[4][4] = {
		[DMA_BIDIRECTIONAL] = { DMA_BIDIRECTIONAL, DMA_TO_DEVICE,
					DMA_FROM_DEVICE },
		[DMA_TO_DEVICE] = { DMA_TO_DEVICE, DMA_TO_DEVICE, -1 },
		[DMA_FROM_DEVICE] = { DMA_FROM_DEVICE, -1, DMA_FROM_DEVICE },
		[DMA_NONE] = { -1, -1, -1 },
	};
	enum dma_data_direction mapped, asked, direction;

	for (mapped = DMA_BIDIRECTIONAL; mapped <= DMA_NONE; mapped++) {
		for (asked = DMA_BIDIRECTIONAL; asked < DMA_NONE; asked++) {
			direction = asked;
			if (wanted[mapped][asked] < 0) {
				KUNIT_EXPECT_FALSE(test,
						   udmabuf_narrow(mapped,
								  &direction));
			} else {
				KUNIT_EXPECT_TRUE(test,
						  udmabuf_narrow(mapped,
								 &direction));
				KUNIT_EXPECT_EQ(test, wanted[mapped][asked],
						(int)direction);
			}
		}
	}
}

static struct kunit_case segments_cases[] = {
	KUNIT_CASE_PARAM(segments_test_size, segments_size_gen_params),
	KUNIT_CASE_PARAM(segments_test_count, segments_count_gen_params),
	KUNIT_CASE(segments_test_too_many),
	KUNIT_CASE(segments_test_tables),
	KUNIT_CASE(segments_test_narrow),
	{}
};

static struct kunit_suite segments_suite = {
	.name = "udmabuf_segments",
	.init = segments_init,
	.exit = segments_exit,
	.test_cases = segments_cases,
};

kunit_test_suite(segments_suite);
