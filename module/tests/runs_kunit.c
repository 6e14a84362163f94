// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of runs.c, in the kernel that it is for: tables of boundaries, and
 * random arrays against a model that knows every page.
 *
 * Each test has its arrays for itself; no locks.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/prandom.h>

#include "../runs.h"

#define RUNS_ROUNDS	200	/* random arrays */
#define RUNS_CAPACITY	64
#define RUNS_PAGES	512	/* of a random array at the most */

static void runs_init(struct kunit *test, struct udmabuf_runs *runs,
		      size_t capacity)
{
	*runs = (struct udmabuf_runs){ .capacity = capacity };
	runs->run =
		kunit_kcalloc(test, capacity, sizeof(*runs->run), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, runs->run);
}

/* One run of @nr_pages from @pfn on, and then one append. */
struct runs_append_case {
	const char *name;
	unsigned long pfn;
	pgoff_t nr_pages;
	size_t capacity;
	unsigned long more_pfn;
	pgoff_t more_pages;
	bool may_extend;
	int ret;
	size_t nr;
};

static const struct runs_append_case runs_append_cases[] = {
	{ "nothing", 100, 1, 1, 500, 0, false, 0, 1 },
	{ "nothing that wraps", 100, 1, 1, ULONG_MAX, 0, true, 0, 1 },
	{ "the next page", 100, 1, 1, 101, 1, true, 0, 1 },
	{ "the next page, apart", 100, 1, 2, 101, 1, false, 0, 2 },
	{ "the page after the next", 100, 1, 2, 102, 1, true, 0, 2 },
	{ "the same page", 100, 1, 2, 100, 1, true, 0, 2 },
	{ "the page before", 100, 1, 2, 99, 1, true, 0, 2 },
	{ "no room", 100, 1, 1, 102, 1, true, -ENOSPC, 1 },
	{ "no room, apart", 100, 1, 1, 101, 1, false, -ENOSPC, 1 },
	{ "the last frame", 100, 1, 2, ULONG_MAX, 1, true, 0, 2 },
	{ "one before the last", 100, 1, 2, ULONG_MAX - 1, 2, true, 0, 2 },
	{ "behind the last", 100, 1, 2, ULONG_MAX, 2, true, -EOVERFLOW, 1 },
	{ "frame 0 behind the last", ULONG_MAX, 1, 2, 0, 1, true, 0, 2 },
	{ "longest", 0, ULONG_MAX - 1, 1, ULONG_MAX - 1, 1, true, 0, 1 },
	{ "longest and one", 0, ULONG_MAX, 2, 7, 1, false, -EOVERFLOW, 1 },
};

KUNIT_ARRAY_PARAM_DESC(runs_append, runs_append_cases, name);

static void runs_test_append(struct kunit *test)
{
	const struct runs_append_case *c = test->param_value;
	pgoff_t total = c->nr_pages + (c->ret ? 0 : c->more_pages);
	struct udmabuf_runs runs;

	runs_init(test, &runs, c->capacity);
	KUNIT_ASSERT_EQ(test, 0,
			udmabuf_runs_append(&runs, c->pfn, c->nr_pages, false));
	KUNIT_EXPECT_EQ(test, c->ret,
			udmabuf_runs_append(&runs, c->more_pfn, c->more_pages,
					    c->may_extend));
	KUNIT_EXPECT_EQ(test, c->nr, runs.nr);
	KUNIT_EXPECT_EQ(test, total, runs.nr_pages);
}

/* A slice of three runs: pages 0 to 3 at 100, 4 at 50, 5 to 11 at 200. */
struct runs_slice_case {
	const char *name;
	pgoff_t pgoff;
	pgoff_t nr_pages;
	unsigned long pfn;
	pgoff_t length; /* 0: there is none */
};

static const struct runs_slice_case runs_slice_cases[] = {
	{ "all", 0, 12, 100, 4 },
	{ "more than all", 0, ULONG_MAX, 100, 4 },
	{ "first page", 0, 1, 100, 1 },
	{ "last page of a run", 3, 2, 103, 1 },
	{ "run of a page", 4, 8, 50, 1 },
	{ "first page of the last run", 5, 1, 200, 1 },
	{ "last page", 11, 1, 206, 1 },
	{ "last page and more", 11, ULONG_MAX, 206, 1 },
	{ "nothing", 5, 0, 0, 0 },
	{ "nothing at the end", 12, 0, 0, 0 },
	{ "behind the end", 12, 1, 0, 0 },
	{ "far behind the end", ULONG_MAX, 1, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(runs_slice, runs_slice_cases, name);

static void runs_init_three(struct kunit *test, struct udmabuf_runs *runs)
{
	runs_init(test, runs, 3);
	KUNIT_ASSERT_EQ(test, 0, udmabuf_runs_append(runs, 100, 4, true));
	KUNIT_ASSERT_EQ(test, 0, udmabuf_runs_append(runs, 50, 1, true));
	KUNIT_ASSERT_EQ(test, 0, udmabuf_runs_append(runs, 200, 7, true));
}

static void runs_test_slice(struct kunit *test)
{
	const struct runs_slice_case *c = test->param_value;
	struct udmabuf_extent extent = { .nr_pages = 77 };
	struct udmabuf_runs runs;

	runs_init_three(test, &runs);
	KUNIT_ASSERT_EQ(test, c->length != 0,
			udmabuf_runs_slice(&runs, c->pgoff, c->nr_pages,
					   &extent));
	KUNIT_EXPECT_EQ(test, c->length ?: 77, extent.nr_pages);
	KUNIT_EXPECT_EQ(test, c->length ? c->pgoff : 0, extent.pgoff);
	KUNIT_EXPECT_EQ(test, c->pfn, extent.pfn);
}

/* A step of a walk over the same runs, from page @from of the buffer on. */
struct runs_next_case {
	const char *name;
	pgoff_t from;
	pgoff_t end;
	unsigned long pfn;
	pgoff_t length; /* 0: there is none */
};

static const struct runs_next_case runs_next_cases[] = {
	{ "to page 0", 0, 0, 0, 0 },
	{ "to page 1", 0, 1, 100, 1 },
	{ "to the last page of a run", 0, 3, 100, 3 },
	{ "to the end of a run", 0, 4, 100, 4 },
	{ "over the end of a run", 0, 5, 100, 4 },
	{ "a run of a page", 4, 12, 50, 1 },
	{ "from the end, to it", 4, 4, 0, 0 },
	{ "from behind the end", 5, 4, 0, 0 },
	{ "to the last page", 5, 11, 200, 6 },
	{ "to the end", 5, 12, 200, 7 },
	{ "as far as there is", 5, ULONG_MAX - 1, 200, 7 },
	{ "as far as can be", 5, ULONG_MAX, 200, 7 },
	{ "from the end", 12, ULONG_MAX, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(runs_next, runs_next_cases, name);

static void runs_test_next(struct kunit *test)
{
	const struct runs_next_case *c = test->param_value;
	struct udmabuf_extent extent = {}, before;
	struct udmabuf_runs runs;

	runs_init_three(test, &runs);
	if (c->from)
		KUNIT_ASSERT_TRUE(test, udmabuf_runs_slice(&runs, c->from - 1,
							   1, &extent));
	before = extent;
	KUNIT_ASSERT_EQ(test, c->length != 0,
			udmabuf_runs_next(&runs, c->end, &extent));
	KUNIT_EXPECT_EQ(test, c->length ? c->from : before.pgoff, extent.pgoff);
	KUNIT_EXPECT_EQ(test, c->length ?: before.nr_pages, extent.nr_pages);
	KUNIT_EXPECT_EQ(test, c->length ? c->pfn : before.pfn, extent.pfn);
}

/* Nothing is in an array of none, and it has room for nothing. */
static void runs_test_empty(struct kunit *test)
{
	struct udmabuf_extent extent = {};
	struct udmabuf_runs runs = {};

	KUNIT_EXPECT_FALSE(test,
			   udmabuf_runs_slice(&runs, 0, ULONG_MAX, &extent));
	KUNIT_EXPECT_FALSE(test, udmabuf_runs_next(&runs, ULONG_MAX, &extent));
	KUNIT_EXPECT_EQ(test, 0, udmabuf_runs_append(&runs, 7, 0, true));
	KUNIT_EXPECT_EQ(test, -ENOSPC, udmabuf_runs_append(&runs, 7, 1, true));
	KUNIT_EXPECT_EQ(test, 0, runs.nr);
	KUNIT_EXPECT_EQ(test, 0, runs.nr_pages);
}

/* The first and the last page of each of many runs, of 1, 2, 3, ... pages. */
static void runs_test_find(struct kunit *test)
{
	struct udmabuf_runs runs;
	pgoff_t pgoff = 0;
	size_t i;

	runs_init(test, &runs, RUNS_CAPACITY);
	for (i = 0; i < RUNS_CAPACITY; i++)
		KUNIT_ASSERT_EQ(test, 0,
				udmabuf_runs_append(&runs, i * 1000, i + 1,
						    true));
	for (i = 0; i < RUNS_CAPACITY; i++) {
		KUNIT_EXPECT_EQ(test, i, udmabuf_runs_find(&runs, pgoff));
		KUNIT_EXPECT_EQ(test, i, udmabuf_runs_find(&runs, pgoff + i));
		KUNIT_EXPECT_EQ(test, i + 1, udmabuf_runs_length(&runs, i));
		pgoff += i + 1;
	}
}

/**
 * struct runs_model - what an array of runs stands for
 * @pfn: page frame of each page
 * @starts: whether the page must start a run
 * @nr: number of pages
 */
struct runs_model {
	unsigned long pfn[RUNS_PAGES];
	bool starts[RUNS_PAGES];
	pgoff_t nr;
};

/* Few frames, so that pieces often meet. */
static int runs_append_random(struct rnd_state *rnd, struct udmabuf_runs *runs,
			      struct runs_model *model)
{
	unsigned long pfn = 1 + prandom_u32_state(rnd) % 24;
	pgoff_t nr_pages = 1 + prandom_u32_state(rnd) % 8;
	bool may_extend = prandom_u32_state(rnd) % 4;
	pgoff_t i;
	int ret;

	ret = udmabuf_runs_append(runs, pfn, nr_pages, may_extend);
	if (ret)
		return ret;
	model->starts[model->nr] = !model->nr || !may_extend ||
				   model->pfn[model->nr - 1] + 1 != pfn;
	for (i = 0; i < nr_pages; i++)
		model->pfn[model->nr++] = pfn + i;
	return 0;
}

static void runs_check_pages(struct kunit *test,
			     const struct udmabuf_runs *runs,
			     const struct runs_model *model)
{
	struct udmabuf_extent extent;
	size_t index = 0;
	pgoff_t i;

	for (i = 0; i < model->nr; i++) {
		index += i && model->starts[i];
		KUNIT_ASSERT_EQ(test, index, udmabuf_runs_find(runs, i));
		KUNIT_ASSERT_TRUE(test,
				  udmabuf_runs_slice(runs, i, 1, &extent));
		KUNIT_ASSERT_EQ(test, model->pfn[i], extent.pfn);
		KUNIT_ASSERT_EQ(test, 1, extent.nr_pages);
	}
	KUNIT_ASSERT_EQ(test, runs->nr, index + 1);
}

/* A walk to @end meets each page once, and steps where the model says. */
static void runs_check_walk(struct kunit *test, const struct udmabuf_runs *runs,
			    const struct runs_model *model, pgoff_t end)
{
	struct udmabuf_extent extent = {};
	pgoff_t page = 0, i;

	while (udmabuf_runs_next(runs, end, &extent)) {
		KUNIT_ASSERT_EQ(test, page, extent.pgoff);
		KUNIT_ASSERT_TRUE(test, model->starts[page]);
		for (i = 0; i < extent.nr_pages; i++, page++) {
			KUNIT_ASSERT_EQ(test, model->pfn[page], extent.pfn + i);
			KUNIT_ASSERT_TRUE(test, !i || !model->starts[page]);
		}
	}
	KUNIT_ASSERT_EQ(test, min(end, model->nr), page);
}

static void runs_test_model(struct kunit *test)
{
	struct runs_model *model =
		kunit_kmalloc(test, sizeof(*model), GFP_KERNEL);
	struct udmabuf_runs runs;
	struct rnd_state rnd;
	unsigned int round;

	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&rnd, 20261123);
	runs_init(test, &runs, RUNS_CAPACITY);
	for (round = 0; round < RUNS_ROUNDS; round++) {
		memset(model, 0, sizeof(*model));
		udmabuf_runs_clear(&runs);
		while (!runs_append_random(&rnd, &runs, model))
			if (model->nr + 8 > RUNS_PAGES)
				break;
		runs_check_pages(test, &runs, model);
		runs_check_walk(test, &runs, model, ULONG_MAX);
		runs_check_walk(test, &runs, model,
				prandom_u32_state(&rnd) % (model->nr + 1));
	}
}

static struct kunit_case runs_cases[] = {
	KUNIT_CASE_PARAM(runs_test_append, runs_append_gen_params),
	KUNIT_CASE_PARAM(runs_test_slice, runs_slice_gen_params),
	KUNIT_CASE_PARAM(runs_test_next, runs_next_gen_params),
	KUNIT_CASE(runs_test_empty),
	KUNIT_CASE(runs_test_find),
	KUNIT_CASE(runs_test_model),
	{}
};

static struct kunit_suite runs_suite = {
	.name = "udmabuf_runs",
	.test_cases = runs_cases,
};

kunit_test_suite(runs_suite);
