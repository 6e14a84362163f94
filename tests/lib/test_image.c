// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layouts of pictures: the numbers that devices expect, and that no number of a
 * stranger is believed.
 */
#include "fake.h"

#define CODE(text)	UDB_FOURCC((text)[0], (text)[1], (text)[2], (text)[3])

FIXTURE(image) {
	struct udb_layout layout;
};

/* A picture of 1922 x 1081: neither number is even or a multiple of anything. */
FIXTURE_VARIANT(image) {
	const char *format;
	uint32_t align;
	uint32_t nr_planes;
	uint32_t stride[3];
	uint64_t offset[3];
	uint64_t size;
};

FIXTURE_VARIANT_ADD(image, xrgb8888) {
	.format = "XR24",
	.nr_planes = 1,
	.stride = { 7936 },
	.size = 7936 * 1081,
};

FIXTURE_VARIANT_ADD(image, xrgb8888_tight) {
	.format = "XR24",
	.align = 1,
	.nr_planes = 1,
	.stride = { 1923 * 4 },
	.size = 1923 * 4 * 1081,
};

FIXTURE_VARIANT_ADD(image, rgb888) {
	.format = "RG24",
	.align = 4,
	.nr_planes = 1,
	.stride = { 5772 },
	.size = 5772 * 1081,
};

FIXTURE_VARIANT_ADD(image, yuyv) {
	.format = "YUYV",
	.align = 64,
	.nr_planes = 1,
	.stride = { 3904 },
	.size = 3904 * 1081,
};

FIXTURE_VARIANT_ADD(image, nv12) {
	.format = "NV12",
	.align = 16,
	.nr_planes = 2,
	.stride = { 1936, 1936 },
	.offset = { 0, 1936 * 1081 },
	.size = 1936 * (1081 + 541),
};

FIXTURE_VARIANT_ADD(image, nv24) {
	.format = "NV24",
	.align = 16,
	.nr_planes = 2,
	.stride = { 1936, 3856 },
	.offset = { 0, 1936 * 1081 },
	.size = (1936 + 3856) * 1081,
};

FIXTURE_VARIANT_ADD(image, p010) {
	.format = "P010",
	.align = 32,
	.nr_planes = 2,
	.stride = { 3872, 3872 },
	.offset = { 0, 3872 * 1081 },
	.size = 3872 * (1081 + 541),
};

FIXTURE_VARIANT_ADD(image, yuv420) {
	.format = "YU12",
	.align = 8,
	.nr_planes = 3,
	.stride = { 1928, 968, 968 },
	.offset = { 0, 1928 * 1081, 1928 * 1081 + 968 * 541 },
	.size = 1928 * 1081 + 2 * 968 * 541,
};

FIXTURE_VARIANT_ADD(image, yuv422) {
	.format = "YU16",
	.align = 8,
	.nr_planes = 3,
	.stride = { 1928, 968, 968 },
	.offset = { 0, 1928 * 1081, (1928 + 968) * 1081 },
	.size = (1928 + 2 * 968) * 1081,
};

FIXTURE_SETUP(image)
{
	self->layout.struct_size = sizeof(self->layout);
	ASSERT_EQ(0, udb_layout_compute(CODE(variant->format), 1923, 1081,
					variant->align, &self->layout));
}

FIXTURE_TEARDOWN(image)
{
}

TEST_F(image, numbers)
{
	EXPECT_EQ(variant->nr_planes, self->layout.nr_planes);
	EXPECT_EQ(variant->size, self->layout.size);
	for (uint32_t i = 0; i < variant->nr_planes; i++) {
		EXPECT_EQ(variant->stride[i], self->layout.stride[i]);
		EXPECT_EQ(variant->offset[i], self->layout.offset[i]);
	}
}

TEST_F(image, is_believed)
{
	EXPECT_EQ(0, udb_layout_check(&self->layout, self->layout.size));
}

TEST_F(image, is_not_believed_in_a_smaller_buffer)
{
	EXPECT_EQ(-EINVAL,
		  udb_layout_check(&self->layout, self->layout.size - 1));
}

/* Each number that a stranger could have chosen, made wrong alone. */
TEST_F(image, is_not_believed_with_a_wrong_number)
{
	const struct udb_layout good = self->layout;
	const uint32_t last = good.nr_planes - 1;
	const uint64_t size = good.size;

#define EXPECT_WRONG(field, value, error) do {				\
		self->layout = good;					\
		self->layout.field = value;				\
		EXPECT_EQ(error, udb_layout_check(&self->layout, size));\
	} while (0)

	EXPECT_WRONG(width, 0, -EINVAL);
	EXPECT_WRONG(height, 0, -EINVAL);
	EXPECT_WRONG(width, UINT32_MAX, -EINVAL);
	EXPECT_WRONG(height, UINT32_MAX, -EINVAL);
	EXPECT_WRONG(width, good.width * 2, -EINVAL);
	EXPECT_WRONG(height, good.height * 2, -EINVAL);
	EXPECT_WRONG(nr_planes, 0, -EINVAL);
	EXPECT_WRONG(nr_planes, 4, -EINVAL);
	EXPECT_WRONG(nr_planes, UINT32_MAX, -EINVAL);
	EXPECT_WRONG(offset[last], size, -EINVAL);
	EXPECT_WRONG(offset[last], UINT64_MAX, -EINVAL);
	EXPECT_WRONG(stride[last], 0, -EINVAL);
	EXPECT_WRONG(stride[last], UINT32_MAX, -EINVAL);
	EXPECT_WRONG(size, size + 1, -EINVAL);
	EXPECT_WRONG(size, 0, -EINVAL);
	EXPECT_WRONG(modifier, 1, -EPROTONOSUPPORT);
	EXPECT_WRONG(format, 0, -EPROTONOSUPPORT);
}

TEST(default_alignment_is_256)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };

	ASSERT_EQ(0, udb_layout_compute(CODE("R8  "), 1, 1, 0, &layout));
	EXPECT_EQ(256, layout.stride[0]);
}

/* The largest of all: sums must not wrap. */
TEST(largest_picture)
{
	struct udb_layout layout = { .struct_size = sizeof(layout) };

	ASSERT_EQ(0, udb_layout_compute(CODE("XR48"), 65536, 65536, 65536,
					&layout));
	EXPECT_EQ(8ULL << 32, layout.size);
	EXPECT_EQ(0, udb_layout_check(&layout, layout.size));
}

TEST(bad_arguments)
{
	struct udb_layout layout = { .struct_size = sizeof(layout), .size = 7 };
	const uint32_t code = CODE("XR24");

	EXPECT_EQ(-EINVAL, udb_layout_compute(code, 0, 1, 0, &layout));
	EXPECT_EQ(-EINVAL, udb_layout_compute(code, 1, 0, 0, &layout));
	EXPECT_EQ(-EINVAL, udb_layout_compute(code, 65537, 1, 0, &layout));
	EXPECT_EQ(-EINVAL, udb_layout_compute(code, 1, 65537, 0, &layout));
	EXPECT_EQ(-EINVAL, udb_layout_compute(code, 1, 1, 3, &layout));
	EXPECT_EQ(-EINVAL, udb_layout_compute(code, 1, 1, 131072, &layout));
	EXPECT_EQ(-EPROTONOSUPPORT,
		  udb_layout_compute(CODE("????"), 1, 1, 0, &layout));
	EXPECT_EQ(7, layout.size);
}

TEST_HARNESS_MAIN
