/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checks of udb_harness.h: EXPECT_* goes on after a failure, ASSERT_* ends
 * the test (teardown still runs). Each is one statement and may be followed by
 * a block that runs only on failure, to say more:
 *
 *	ASSERT_GE(fd, 0)
 *		TH_LOG("round %d", round);
 *
 * Include udb_harness.h, not this.
 */
#ifndef UDB_CHECKS_H
#define UDB_CHECKS_H

#define UDB_IS_SIGNED(x)						\
	_Generic((x), char: true, signed char: true, short: true,	\
		 int: true, long: true, long long: true, default: false)

#define UDB_NUM(x)							\
	((struct udb_num){ .bits = (uintmax_t)(x),			\
			   .is_signed = UDB_IS_SIGNED(x) })

#define UDB_SITE(_left, _right)						\
	(&(const struct udb_site){ .file = __FILE__, .line = __LINE__,	\
				   .left = _left, .right = _right })

/* Runs the statement that follows it, if any, once: when @wrong is true. */
#define UDB_ON_FAILURE(wrong, fatal)					\
	for (bool udb_hit_ = (wrong); udb_hit_;				\
	     udb_hit_ = udb_bail(_metadata, fatal))

/*
 * The texts of the operands come from the outermost macro: one level further
 * in, the preprocessor has replaced NULL and the like.
 */
#define UDB_CHECK_NUM(left, op, right, fatal, ...)			\
	UDB_ON_FAILURE(({						\
		__auto_type udb_left_ = (left);				\
		__auto_type udb_right_ = (right);			\
		udb_wrong_num(_metadata, UDB_SITE(__VA_ARGS__), op,	\
			      UDB_NUM(udb_left_), UDB_NUM(udb_right_));	\
	}), fatal)

#define UDB_CHECK_STR(left, equal, right, fatal, ...)			\
	UDB_ON_FAILURE(udb_wrong_str(_metadata, UDB_SITE(__VA_ARGS__),	\
				     equal, left, right), fatal)

#define UDB_CHECK_ERRNO(want, call, fatal, ...)				\
	UDB_ON_FAILURE(({						\
		errno = 0;						\
		__auto_type udb_ret_ = (call);				\
		udb_wrong_errno(_metadata, UDB_SITE(__VA_ARGS__), want,	\
				udb_ret_, errno);			\
	}), fatal)

#define EXPECT_EQ(left, right) \
	UDB_CHECK_NUM(left, UDB_EQ, right, false, #left, #right)
#define EXPECT_NE(left, right) \
	UDB_CHECK_NUM(left, UDB_NE, right, false, #left, #right)
#define EXPECT_LT(left, right) \
	UDB_CHECK_NUM(left, UDB_LT, right, false, #left, #right)
#define EXPECT_LE(left, right) \
	UDB_CHECK_NUM(left, UDB_LE, right, false, #left, #right)
#define EXPECT_GT(left, right) \
	UDB_CHECK_NUM(left, UDB_GT, right, false, #left, #right)
#define EXPECT_GE(left, right) \
	UDB_CHECK_NUM(left, UDB_GE, right, false, #left, #right)
#define EXPECT_TRUE(claim) \
	UDB_CHECK_NUM(!!(claim), UDB_EQ, true, false, #claim, "true")
#define EXPECT_FALSE(claim) \
	UDB_CHECK_NUM(!!(claim), UDB_EQ, false, false, #claim, "false")
#define EXPECT_NULL(ptr) \
	UDB_CHECK_NUM(NULL, UDB_EQ, ptr, false, "NULL", #ptr)
#define EXPECT_STREQ(left, right) \
	UDB_CHECK_STR(left, true, right, false, #left, #right)
#define EXPECT_STRNE(left, right) \
	UDB_CHECK_STR(left, false, right, false, #left, #right)

#define ASSERT_EQ(left, right) \
	UDB_CHECK_NUM(left, UDB_EQ, right, true, #left, #right)
#define ASSERT_NE(left, right) \
	UDB_CHECK_NUM(left, UDB_NE, right, true, #left, #right)
#define ASSERT_LT(left, right) \
	UDB_CHECK_NUM(left, UDB_LT, right, true, #left, #right)
#define ASSERT_LE(left, right) \
	UDB_CHECK_NUM(left, UDB_LE, right, true, #left, #right)
#define ASSERT_GT(left, right) \
	UDB_CHECK_NUM(left, UDB_GT, right, true, #left, #right)
#define ASSERT_GE(left, right) \
	UDB_CHECK_NUM(left, UDB_GE, right, true, #left, #right)
#define ASSERT_TRUE(claim) \
	UDB_CHECK_NUM(!!(claim), UDB_EQ, true, true, #claim, "true")
#define ASSERT_FALSE(claim) \
	UDB_CHECK_NUM(!!(claim), UDB_EQ, false, true, #claim, "false")
#define ASSERT_NULL(ptr) \
	UDB_CHECK_NUM(NULL, UDB_EQ, ptr, true, "NULL", #ptr)
#define ASSERT_STREQ(left, right) \
	UDB_CHECK_STR(left, true, right, true, #left, #right)
#define ASSERT_STRNE(left, right) \
	UDB_CHECK_STR(left, false, right, true, #left, #right)

/* @call returns -1 and sets errno to @want; anything else is a failure. */
#define EXPECT_ERRNO(want, call) \
	UDB_CHECK_ERRNO(want, call, false, #call, #want)
#define ASSERT_ERRNO(want, call) \
	UDB_CHECK_ERRNO(want, call, true, #call, #want)

#endif /* UDB_CHECKS_H */
