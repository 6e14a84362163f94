// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on runs, against a model that is too simple to be wrong: a
 * list of every single page. What an operation does follows from the seed alone,
 * and a failure tells the seed.
 */
#include <stdlib.h>

#include "udb_harness.h"

#include "runs.h"

#define MODEL_PAGES	4096
#define MODEL_RUNS	300
#define MODEL_SEEDS	50
#define MODEL_OPERATIONS 400

struct model {
	unsigned long pfn[MODEL_PAGES];
	bool begins_run[MODEL_PAGES];
	size_t nr_pages;
	size_t nr_runs;
	uint64_t random;
};

static uint64_t model_random(struct model *m, uint64_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random % below;
}

static int model_append(struct model *m, unsigned long pfn, size_t nr_pages,
			bool may_extend, size_t capacity)
{
	bool continues = m->nr_pages && m->pfn[m->nr_pages - 1] + 1 == pfn;
	bool begins = !may_extend || !continues;
	size_t i;

	if (!nr_pages)
		return 0;
	if (begins && m->nr_runs == capacity)
		return -ENOSPC;
	m->nr_runs += begins;
	for (i = 0; i < nr_pages; i++) {
		m->pfn[m->nr_pages] = pfn + i;
		m->begins_run[m->nr_pages] = begins && !i;
		m->nr_pages++;
	}
	return 0;
}

/* Where the run of a page begins, and where it ends (exclusive). */
static size_t model_begin(const struct model *m, size_t page)
{
	while (!m->begins_run[page])
		page--;
	return page;
}

static size_t model_end(const struct model *m, size_t page)
{
	do {
		page++;
	} while (page < m->nr_pages && !m->begins_run[page]);
	return page;
}

/* Often the memory that continues the buffer, else anything nearby. */
static int append_somewhere(struct model *m, struct udmabuf_runs *r, int *want)
{
	unsigned long pfn = model_random(m, 64);
	size_t nr_pages = model_random(m, 10);
	bool may_extend = model_random(m, 8);

	if (m->nr_pages && model_random(m, 2))
		pfn = m->pfn[m->nr_pages - 1] + 1;
	if (nr_pages > MODEL_PAGES - m->nr_pages)
		nr_pages = MODEL_PAGES - m->nr_pages;
	*want = model_append(m, pfn, nr_pages, may_extend, r->capacity);
	return udmabuf_runs_append(r, pfn, nr_pages, may_extend);
}

static bool find_agrees(const struct model *m, const struct udmabuf_runs *r,
			size_t page)
{
	size_t index = udmabuf_runs_find(r, page);
	size_t begin = model_begin(m, page);

	return index < r->nr && r->run[index].pgoff == begin &&
	       r->run[index].pfn == m->pfn[begin] &&
	       udmabuf_runs_length(r, index) == model_end(m, page) - begin;
}

/* An extent is the right memory, and as much of it as there can be. */
static bool extent_agrees(const struct model *m, const struct udmabuf_runs *r,
			  const struct udmabuf_extent *e, size_t page,
			  size_t end)
{
	size_t run_end = model_end(m, page);
	size_t i;

	if (e->pgoff != page || e->index != udmabuf_runs_find(r, page) ||
	    e->nr_pages != (run_end < end ? run_end : end) - page)
		return false;
	for (i = 0; i < e->nr_pages; i++)
		if (e->pfn + i != m->pfn[page + i])
			return false;
	return true;
}

/* From the extent behind @e, or the first one, to the end of the range. */
static bool walk_agrees(const struct model *m, const struct udmabuf_runs *r,
			struct udmabuf_extent *e, size_t page, size_t end)
{
	size_t last = end < m->nr_pages ? end : m->nr_pages;
	bool more = e->nr_pages ? udmabuf_runs_next(r, end, e) :
				  udmabuf_runs_slice(r, page, end - page, e);

	for (; more; more = udmabuf_runs_next(r, end, e)) {
		if (page >= last || !extent_agrees(m, r, e, page, last))
			return false;
		page += e->nr_pages;
	}
	return page >= last;
}

/* A walk over a range, cut somewhere and taken up again. */
static bool range_agrees(struct model *m, const struct udmabuf_runs *r,
			 size_t page)
{
	size_t middle = page + model_random(m, 100);
	size_t end = middle + model_random(m, 100);
	struct udmabuf_extent e = { 0 };

	if (!walk_agrees(m, r, &e, page, middle))
		return false;
	if (e.nr_pages)
		page = e.pgoff + e.nr_pages;
	return walk_agrees(m, r, &e, page, end);
}

/* One operation; says what went wrong, if anything. */
static const char *step(struct model *m, struct udmabuf_runs *r)
{
	size_t page = model_random(m, m->nr_pages + 3);
	int want;

	switch (model_random(m, 3)) {
	case 0:
		if (append_somewhere(m, r, &want) != want)
			return "append returns something else";
		break;
	case 1:
		if (page < m->nr_pages && !find_agrees(m, r, page))
			return "find or length differ";
		break;
	default:
		if (!range_agrees(m, r, page))
			return "slice or next differ";
	}
	if (r->nr != m->nr_runs || r->nr_pages != m->nr_pages)
		return "number of runs or pages differs";
	return NULL;
}

/* The whole buffer, begun with a zeroed extent. */
static const char *whole_walk(struct model *m, struct udmabuf_runs *r)
{
	struct udmabuf_extent e = { 0 };
	size_t page = 0;

	while (udmabuf_runs_next(r, MODEL_PAGES, &e)) {
		if (page >= m->nr_pages ||
		    !extent_agrees(m, r, &e, page, m->nr_pages))
			return "the whole differs";
		page += e.nr_pages;
	}
	return page == m->nr_pages ? NULL : "the whole is shorter";
}

FIXTURE(runs_model) {
	struct model m;
	struct udmabuf_runs r;
};

FIXTURE_VARIANT(runs_model) {
	size_t capacity;
};

/* Never full, full soon, and one run only. */
FIXTURE_VARIANT_ADD(runs_model, roomy){
	.capacity = MODEL_RUNS,
};

FIXTURE_VARIANT_ADD(runs_model, cramped){
	.capacity = 20,
};

FIXTURE_VARIANT_ADD(runs_model, single){
	.capacity = 1,
};

FIXTURE_SETUP(runs_model)
{
	self->r.capacity = variant->capacity;
	self->r.run = calloc(self->r.capacity, sizeof(*self->r.run));
	ASSERT_NE(NULL, self->r.run);
}

FIXTURE_TEARDOWN(runs_model)
{
	free(self->r.run);
}

TEST_F(runs_model, random_operations)
{
	const char *wrong;
	uint64_t seed;
	int i;

	for (seed = 1; seed <= MODEL_SEEDS; seed++) {
		memset(&self->m, 0, sizeof(self->m));
		self->m.random = seed * 0x9e3779b97f4a7c15;
		self->r.nr = 0;
		self->r.nr_pages = 0;
		for (i = 0; i < MODEL_OPERATIONS; i++) {
			wrong = step(&self->m, &self->r);
			ASSERT_EQ(NULL, wrong)
			TH_LOG("seed %ju, operation %d: %s", (uintmax_t)seed, i,
			       wrong);
		}
		wrong = whole_walk(&self->m, &self->r);
		ASSERT_EQ(NULL, wrong)
		TH_LOG("seed %ju: %s", (uintmax_t)seed, wrong);
	}
}

TEST_HARNESS_MAIN
