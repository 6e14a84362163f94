/* SPDX-License-Identifier: GPL-2.0-only */
/* The smaller of two numbers of one type, as the kernel has it. */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#define min(a, b) ({			\
	__auto_type min_a_ = (a);	\
	__auto_type min_b_ = (b);	\
					\
	min_a_ < min_b_ ? min_a_ : min_b_; })

#endif /* SHIM_LINUX_MINMAX_H */
