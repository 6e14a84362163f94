// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the memory of a buffer counts against. By default against nothing: the pages
 * of a memfd are charged to a memory cgroup already. With account=memlock each pin
 * counts against RLIMIT_MEMLOCK of the user who makes the buffer, in the place where
 * io_uring and others count what they pin.
 *
 * Takes no locks; the count of a user is atomic, and a buffer's share is written by
 * the one thread that creates or releases it.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/sysfs.h>
#include <uapi/linux/udmabuf.h>

#include "udmabuf.h"

static const char *const udmabuf_account_names[] = {
	[UDMABUF_ACCOUNT_NONE] = "none",
	[UDMABUF_ACCOUNT_MEMLOCK] = "memlock",
};

static unsigned int account = UDMABUF_ACCOUNT_NONE;

/* A kernel without those who count there has no place to count in. */
#if IS_ENABLED(CONFIG_NET) || IS_ENABLED(CONFIG_IO_URING)
static atomic_long_t *udmabuf_locked_pages(struct user_struct *user)
{
	return &user->locked_vm;
}
#else
static atomic_long_t *udmabuf_locked_pages(struct user_struct *user)
{
	return NULL;
}
#endif

static int udmabuf_param_set_account(const char *val,
				     const struct kernel_param *kp)
{
	int mode = sysfs_match_string(udmabuf_account_names, val);

	if (mode < 0)
		return mode;
	if (mode != UDMABUF_ACCOUNT_NONE && !udmabuf_can_account())
		return -EOPNOTSUPP;
	WRITE_ONCE(account, mode);
	return 0;
}

static int udmabuf_param_get_account(char *buffer,
				     const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n",
			  udmabuf_account_names[udmabuf_account_mode()]);
}

static const struct kernel_param_ops udmabuf_param_account_ops = {
	.set = udmabuf_param_set_account,
	.get = udmabuf_param_get_account,
};

module_param_cb(account, &udmabuf_param_account_ops, NULL, 0644);
MODULE_PARM_DESC(account,
		 "What buffers count against, none or memlock (default none)");

/**
 * udmabuf_can_account() - whether the parameter account can be changed
 *
 * Return: whether this kernel counts what users lock.
 */
bool udmabuf_can_account(void)
{
	return IS_ENABLED(CONFIG_NET) || IS_ENABLED(CONFIG_IO_URING);
}

/**
 * udmabuf_account_mode() - parameter account
 *
 * Return: UDMABUF_ACCOUNT_*. It can change at any time, for new buffers.
 */
unsigned int udmabuf_account_mode(void)
{
	return READ_ONCE(account);
}

/* Adds to the pages of a user, unless they would be more than the limit. */
static bool udmabuf_charge_user(struct user_struct *user,
				unsigned long nr_pages, unsigned long limit)
{
	atomic_long_t *locked = udmabuf_locked_pages(user);
	long had = atomic_long_read(locked);

	do {
		if (had > limit || nr_pages > limit - had)
			return false;
	} while (!atomic_long_try_cmpxchg(locked, &had, had + nr_pages));
	return true;
}

/**
 * udmabuf_charge() - count the memory of a buffer
 * @ubuf: a new buffer, which nothing was counted for
 * @nr_pages: all that it is going to pin
 *
 * Return: 0, or %-ENOMEM when the caller's limit does not allow so much.
 */
int udmabuf_charge(struct udmabuf *ubuf, pgoff_t nr_pages)
{
	struct user_struct *user = current_user();

	if (udmabuf_account_mode() == UDMABUF_ACCOUNT_NONE ||
	    capable(CAP_IPC_LOCK))
		return 0;
	if (!udmabuf_charge_user(user, nr_pages,
				 rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT))
		return -ENOMEM;
	ubuf->user = get_uid(user);
	ubuf->nr_charged = nr_pages;
	return 0;
}

/**
 * udmabuf_uncharge() - give back what was counted for a buffer
 * @ubuf: a buffer that is about to go
 */
void udmabuf_uncharge(struct udmabuf *ubuf)
{
	if (!ubuf->user)
		return;
	atomic_long_sub(ubuf->nr_charged, udmabuf_locked_pages(ubuf->user));
	free_uid(ubuf->user);
	ubuf->user = NULL;
}
