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
MODULE_PARM_DESC(action, "none, warn, bug, oops, panic, hang or leak");

static void splat_warn(void)
{
	WARN(1, "udmabuf_splat: as asked\n");
}

static void splat_bug(void)
{
	BUG();
}

/* The address is one that is never mapped; volatile, so that it is really read. */
static void splat_oops(void)
{
	pr_info("udmabuf_splat: %d\n", *(volatile int *)0x10UL);
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

static const struct {
	const char *name;
	void (*run)(void);
} splat_actions[] = {
	{ "none", splat_none },
	{ "warn", splat_warn },
	{ "bug", splat_bug },
	{ "oops", splat_oops },
	{ "panic", splat_panic },
	{ "hang", splat_hang },
	{ "leak", splat_leak },
};

static int __init splat_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(splat_actions); i++) {
		if (!strcmp(action, splat_actions[i].name)) {
			splat_actions[i].run();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(splat_init);

static void __exit splat_exit(void)
{
}
module_exit(splat_exit);

MODULE_DESCRIPTION("Breaks the kernel on request, to test what notices it");
MODULE_LICENSE("GPL");
