// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breaks the kernel in the way that parameter "action" names, when loaded: the
 * tests of the virtual machine runner show with it that each way is noticed.
 * Locks: none, but "hang", which never lets go of the processor.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *action = "none";
module_param(action, charp, 0444);
MODULE_PARM_DESC(action, "none, warn, oops, panic, hang or leak");

static void splat_warn(void)
{
	WARN(1, "udmabuf_splat: as asked\n");
}

/* The address is one that is never mapped. */
static void splat_oops(void)
{
	pr_info("udmabuf_splat: %d\n", READ_ONCE(*(int *)0x10UL));
}

static void splat_panic(void)
{
	panic("udmabuf_splat: as asked");
}

/* All processors stop: this one for good, the others once they need it. */
static void splat_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* Nobody keeps the address: only a kernel with kmemleak will notice. */
static void splat_leak(void)
{
	void *lost = kmalloc(4096, GFP_KERNEL);

	pr_info("udmabuf_splat: lost %d bytes\n", lost ? 4096 : 0);
}

static void splat_none(void)
{
	pr_info("udmabuf_splat: nothing done\n");
}

static const char *const splat_names[] = {
	"none", "warn", "oops", "panic", "hang", "leak",
};

static void (*const splat_actions[])(void) = {
	splat_none, splat_warn, splat_oops, splat_panic, splat_hang, splat_leak,
};

static int __init splat_init(void)
{
	int i = match_string(splat_names, ARRAY_SIZE(splat_names), action);

	if (i < 0)
		return i;
	splat_actions[i]();
	return 0;
}
module_init(splat_init);

static void __exit splat_exit(void)
{
}
module_exit(splat_exit);

MODULE_DESCRIPTION("Breaks the kernel on request, to test what notices it");
MODULE_LICENSE("GPL");
