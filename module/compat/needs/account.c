// SPDX-License-Identifier: GPL-2.0-only
/* the pages that a user has locked: user_struct.locked_vm, free_uid() */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/sysfs.h>

unsigned long udmabuf_need_account(const char *const *names);

unsigned long udmabuf_need_account(const char *const *names)
{
	struct user_struct *user = get_uid(current_user());
	long had = atomic_long_read(&user->locked_vm);

	atomic_long_try_cmpxchg(&user->locked_vm, &had, had);
	free_uid(user);
	return rlimit(RLIMIT_MEMLOCK) + __sysfs_match_string(names, 1, "");
}
