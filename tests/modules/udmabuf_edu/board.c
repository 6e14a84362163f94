// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI devices and what they do: an engine is one device, a board all that
 * are on one bus.
 *
 * An edu has an internal buffer of 4096 bytes and moves bytes between that and
 * any address, one transfer after the other, each by a timer of 100 ms. To read
 * the dma-buf, an engine collects pieces of it in its buffer, and then moves them
 * to a page of its own, where the processor finds them; to write, the other way
 * round. That page is coherent memory, which no exporter has to do with.
 *
 * The list of boards is made when the driver is registered, before the device
 * node is there, and is constant until that is gone. edu_board.lock covers the
 * engines.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>

#include "edu.h"

static unsigned int dma_mask_bits = 28;
module_param(dma_mask_bits, uint, 0444);
MODULE_PARM_DESC(dma_mask_bits,
		 "Address bits of the devices, as QEMU's dma_mask has them");

#define EDU_ID			0x00
#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_TARGET		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_BUFFER		0x40000

#define EDU_COMMAND_RUN		1
#define EDU_COMMAND_TO_MEMORY	2

/* A machine under load may be late; a device that is gone never comes. */
#define EDU_LIMIT		(60 * HZ)

struct edu_engine {
	struct list_head node; /* in edu_board.engines */
	struct pci_dev *pdev;
	void __iomem *regs;
	u8 *page;
	dma_addr_t page_address;

	/* The share of a transfer, under edu_board.lock. */
	u64 first; /* byte of edu_job.data */
	u32 bytes;
	u32 moved; /* between dma-buf and the device */
	bool page_moved; /* between the page and the device */
	unsigned long started;
};

static LIST_HEAD(edu_boards);

struct edu_board *edu_board_find(unsigned int number)
{
	struct edu_board *board;

	list_for_each_entry(board, &edu_boards, node)
		if (!number--)
			return board;
	return NULL;
}

/* Moves @bytes between memory at @address and byte @at of the internal buffer. */
static void edu_start(struct edu_engine *engine, dma_addr_t address, u32 at,
		      u32 bytes, bool to_memory)
{
	u64 inside = EDU_BUFFER + at;

	writeq(to_memory ? inside : address, engine->regs + EDU_DMA_SOURCE);
	writeq(to_memory ? address : inside, engine->regs + EDU_DMA_TARGET);
	writeq(bytes, engine->regs + EDU_DMA_COUNT);
	writeq(EDU_COMMAND_RUN | (to_memory ? EDU_COMMAND_TO_MEMORY : 0),
	       engine->regs + EDU_DMA_COMMAND);
	engine->started = jiffies;
}

static bool edu_is_running(const struct edu_engine *engine)
{
	return readq(engine->regs + EDU_DMA_COMMAND) & EDU_COMMAND_RUN;
}

/* As much of the current piece as lies in one segment. */
static void edu_start_piece(struct edu_engine *engine,
			    const struct edu_job *job)
{
	u64 byte = engine->first + engine->moved;
	u32 skip = byte % job->what.length;
	u64 pos = job->what.offset +
		  byte / job->what.length * job->what.stride + skip;
	const struct edu_piece *piece = edu_mapping_find(job->mapping, pos);
	u32 bytes = min3((u64)(job->what.length - skip),
			 piece->start + piece->length - pos,
			 (u64)(engine->bytes - engine->moved));

	edu_start(engine, piece->address + (pos - piece->start), engine->moved,
		  bytes, job->write);
	engine->moved += bytes;
}

static void edu_start_page(struct edu_engine *engine, const struct edu_job *job)
{
	edu_start(engine, engine->page_address, 0, engine->bytes, !job->write);
	engine->page_moved = true;
}

/* Starts the next step of the engine's share. False: there is none. */
static bool edu_next(struct edu_engine *engine, const struct edu_job *job)
{
	if (job->stop || job->failed)
		return false;
	if (job->write && !engine->page_moved)
		edu_start_page(engine, job);
	else if (engine->moved < engine->bytes)
		edu_start_piece(engine, job);
	else if (!engine->page_moved)
		edu_start_page(engine, job);
	else
		return false;
	return true;
}

/*
 * Whether the engine has something to do. One that does not end is kept from
 * the memory for good, because that will be somebody else's soon.
 */
static bool edu_poll(struct edu_engine *engine, struct edu_job *job)
{
	if (!edu_is_running(engine))
		return edu_next(engine, job);
	if (time_before(jiffies, engine->started + EDU_LIMIT))
		return true;
	pci_clear_master(engine->pdev);
	pci_err(engine->pdev, "DMA does not end\n");
	job->failed = true;
	return false;
}

static void edu_work(struct edu_board *board, struct edu_job *job)
{
	struct edu_engine *engine;
	bool busy;

	do {
		busy = false;
		job->stop |= fatal_signal_pending(current);
		list_for_each_entry(engine, &board->engines, node)
			busy |= edu_poll(engine, job);
		if (busy)
			usleep_range(2000, 4000);
	} while (busy);
}

/* Whole pieces that an engine takes at a time, so that all have some. */
static u32 edu_share(const struct edu_board *board,
		     const struct edu_transfer *what, u64 left)
{
	return min_t(u64, EDU_PIECE / what->length,
		     DIV_ROUND_UP_ULL(left, board->nr_engines));
}

/* Gives each engine its share from @done on. The bytes of all shares. */
static u64 edu_distribute(struct edu_board *board, struct edu_job *job,
			  u64 done, u64 total)
{
	u64 share = edu_share(board, &job->what,
			      div_u64(total - done, job->what.length));
	struct edu_engine *engine;
	u64 next = done;

	list_for_each_entry(engine, &board->engines, node) {
		engine->first = next;
		engine->bytes = min(share * job->what.length, total - next);
		engine->moved = 0;
		engine->page_moved = !engine->bytes;
		if (job->write)
			memcpy(engine->page, job->data + next, engine->bytes);
		next += engine->bytes;
	}
	return next - done;
}

static void edu_collect(struct edu_board *board, const struct edu_job *job)
{
	struct edu_engine *engine;

	list_for_each_entry(engine, &board->engines, node)
		memcpy(job->data + engine->first, engine->page, engine->bytes);
}

int edu_board_run(struct edu_board *board, struct edu_job *job)
{
	u64 total = (u64)job->what.length * job->what.count;
	u64 done = 0, step;
	int ret;

	ret = mutex_lock_killable(&board->lock);
	if (ret)
		return ret;
	while (done < total && !job->stop && !job->failed) {
		step = edu_distribute(board, job, done, total);
		edu_work(board, job);
		if (!job->write)
			edu_collect(board, job);
		done += step;
	}
	mutex_unlock(&board->lock);
	if (job->failed)
		return -EIO;
	return job->stop ? -EINTR : 0;
}

static struct edu_board *edu_board_of(struct pci_dev *pdev)
{
	struct edu_board *board;

	list_for_each_entry(board, &edu_boards, node)
		if (board->bus == pdev->bus)
			return board;

	board = kzalloc(sizeof(*board), GFP_KERNEL);
	if (!board)
		return NULL;
	mutex_init(&board->lock);
	INIT_LIST_HEAD(&board->engines);
	board->bus = pdev->bus;
	board->dev = &pdev->dev;
	list_add_tail(&board->node, &edu_boards);
	return board;
}

/* Two devices that an IOMMU tells apart cannot use each other's mappings. */
static bool edu_shares_addresses(struct device *one, struct device *other)
{
	return iommu_get_domain_for_dev(one) == iommu_get_domain_for_dev(other);
}

static int edu_join_board(struct edu_engine *engine)
{
	struct edu_board *board = edu_board_of(engine->pdev);

	if (!board)
		return -ENOMEM;
	if (!edu_shares_addresses(board->dev, &engine->pdev->dev)) {
		pci_err(engine->pdev, "not the same to the IOMMU as %s\n",
			dev_name(board->dev));
		return -ENODEV;
	}
	list_add_tail(&engine->node, &board->engines);
	board->nr_engines++;
	return 0;
}

static int edu_setup(struct edu_engine *engine)
{
	struct pci_dev *pdev = engine->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev,
					DMA_BIT_MASK(dma_mask_bits));
	if (ret)
		return ret;
	engine->regs = pcim_iomap(pdev, 0, 0);
	if (!engine->regs)
		return -ENOMEM;
	if ((readl(engine->regs + EDU_ID) & 0xff) != 0xed)
		return -ENODEV;
	engine->page = dmam_alloc_coherent(&pdev->dev, EDU_PIECE,
					   &engine->page_address, GFP_KERNEL);
	if (!engine->page)
		return -ENOMEM;
	pci_set_master(pdev);
	return 0;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_engine *engine;
	int ret;

	engine = devm_kzalloc(&pdev->dev, sizeof(*engine), GFP_KERNEL);
	if (!engine)
		return -ENOMEM;
	engine->pdev = pdev;
	ret = edu_setup(engine);
	return ret ? ret : edu_join_board(engine);
}

/* Only ever called by edu_boards_exit(): nobody can unbind a device. */
static void edu_remove(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
}

static const struct pci_device_id edu_ids[] = { { PCI_DEVICE(0x1234, 0x11e8) },
						{} };
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "udmabuf_edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.driver.suppress_bind_attrs = true,
};

int edu_boards_init(void)
{
	int ret;

	if (dma_mask_bits < 28 || dma_mask_bits > 64)
		return -EINVAL;
	ret = pci_register_driver(&edu_driver);
	if (ret)
		return ret;
	if (!list_empty(&edu_boards))
		return 0;
	edu_boards_exit();
	return -ENODEV;
}

void edu_boards_exit(void)
{
	struct edu_board *board, *next;

	pci_unregister_driver(&edu_driver);
	list_for_each_entry_safe(board, next, &edu_boards, node) {
		mutex_destroy(&board->lock);
		kfree(board);
	}
}
