// SPDX-License-Identifier: MIT
/*
 * The table of the tensors of a model: from the headers of its files, and what of
 * them to load.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tensors.h"

/* What is read of a header first, and what is too much for one. */
#define UDB_LOAD_HEAD_FIRST	(UDB_MIB / 4)
#define UDB_LOAD_HEAD_MAX	(256 * UDB_MIB)

/* Tensors with less between them are loaded as one. */
#define UDB_LOAD_GAP		4096

/**
 * udb_load_head_bad() - a header is wrong
 * @head: which.
 * @why: for a person.
 *
 * Return: -EBADMSG.
 */
int udb_load_head_bad(struct udb_load_head *head, const char *why)
{
	head->why = why;
	return -EBADMSG;
}

static int udb_load_tensors_room(struct udb_load_tensors *tensors)
{
	size_t room = tensors->room ? 2 * tensors->room : 64;
	struct udb_load_tensor *list;

	if (tensors->nr < tensors->room)
		return 0;
	list = calloc(room, sizeof(*list));
	if (!list)
		return -ENOMEM;
	if (tensors->list)
		memcpy(list, tensors->list, tensors->nr * sizeof(*list));
	free(tensors->list);
	tensors->list = list;
	tensors->room = room;
	return 0;
}

/**
 * udb_load_tensors_add() - put a tensor into the table
 * @tensors: the table.
 * @tensor: all but its name; its type is copied.
 * @name: its name, which need not end with a zero.
 * @name_size: bytes of it; a zero in it ends it.
 *
 * Return: 0 or -ENOMEM.
 */
int udb_load_tensors_add(struct udb_load_tensors *tensors,
			 const struct udb_load_tensor *tensor, const char *name,
			 size_t name_size)
{
	struct udb_load_tensor *added;
	int ret = udb_load_tensors_room(tensors);

	if (ret)
		return ret;
	added = &tensors->list[tensors->nr];
	*added = *tensor;
	added->name = udb_load_text(name, name_size);
	added->type = udb_load_text(tensor->type, strlen(tensor->type));
	if (!added->name || !added->type) {
		free((char *)added->name);
		free((char *)added->type);
		return -ENOMEM;
	}
	tensors->nr++;
	return 0;
}

static int udb_load_tensors_compare(const void *left, const void *right)
{
	const struct udb_load_tensor *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	/* What is empty is in front of what is not. */
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return strcmp(a->name, b->name);
}

/**
 * udb_load_tensors_order() - bring tensors of a file into order, and check places
 * @tensors: the table.
 * @first: the first one of this file.
 * @head: of the file.
 *
 * A size that is not known is that up to the next one, or to the end.
 *
 * Return: 0; -EBADMSG: they overlap, or are beyond the end of the file.
 */
int udb_load_tensors_order(struct udb_load_tensors *tensors, size_t first,
			   struct udb_load_head *head)
{
	uint64_t end = 0, next;

	if (tensors->nr > first)
		qsort(tensors->list + first, tensors->nr - first,
		      sizeof(*tensors->list), udb_load_tensors_compare);
	for (size_t i = first; i < tensors->nr; i++) {
		struct udb_load_tensor *tensor = &tensors->list[i];

		next = i + 1 < tensors->nr ? tensor[1].offset : head->file_size;
		if (tensor->offset > head->file_size)
			return udb_load_head_bad(head,
						 "a tensor is not in the file");
		if (tensor->size == UINT64_MAX)
			tensor->size = next > tensor->offset ?
					       next - tensor->offset :
					       0;
		if (tensor->size > head->file_size - tensor->offset)
			return udb_load_head_bad(head,
						 "a tensor is not in the file");
		if (tensor->offset < end)
			return udb_load_head_bad(head, "two tensors overlap");
		end = tensor->offset + tensor->size;
	}
	return 0;
}

static void udb_load_tensors_cut(struct udb_load_tensors *tensors, size_t nr)
{
	while (tensors->nr > nr) {
		struct udb_load_tensor *tensor = &tensors->list[--tensors->nr];

		free((char *)tensor->name);
		free((char *)tensor->type);
	}
}

struct udb_load_tensors *udb_load_tensors_free(struct udb_load_tensors *table)
{
	if (!table)
		return NULL;
	udb_load_tensors_cut(table, 0);
	for (size_t i = 0; i < table->nr_paths; i++)
		free(table->paths[i]);
	free((void *)table->paths);
	free(table->list);
	free(table);
	return NULL;
}

static int udb_load_head_open(const char *path, uint64_t *size)
{
	struct stat st;
	int fd, ret = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		ret = -errno;
	else if (S_ISDIR(st.st_mode))
		ret = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		ret = -ESPIPE;
	if (ret) {
		close(fd);
		return ret;
	}
	*size = st.st_size;
	return fd;
}

/* A file that is shorter by now has a header that ends early. */
static int udb_load_head_read(int fd, uint8_t *bytes, uint64_t size)
{
	uint64_t have = 0;
	ssize_t got;

	while (have < size) {
		got = pread(fd, bytes + have, size - have, (off_t)have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return -ENODATA;
		have += got;
	}
	return 0;
}

static int udb_load_head_parse(struct udb_load_head *head,
			       struct udb_load_tensors *tensors)
{
	if (udb_load_is_gguf(head))
		return udb_load_gguf_parse(head, tensors);
	if (udb_load_is_safetensors(head))
		return udb_load_safetensors_parse(head, tensors);
	head->why = "it is neither GGUF nor safetensors";
	return -EPROTONOSUPPORT;
}

static int udb_load_parse_tensors(struct udb_load_head *head, void *data)
{
	struct udb_load_tensors *tensors = data;
	size_t before = tensors->nr;
	int ret = udb_load_head_parse(head, tensors);

	if (ret)
		udb_load_tensors_cut(tensors, before);
	return ret;
}

/* A file and who understands its header: @parse gets @data. */
struct udb_load_task {
	const char *path;
	int (*parse)(struct udb_load_head *head, void *data);
	void *data;
	struct udb_load_failure *failure;
};

/* Reads more and more of a file until its parser has enough. */
static int udb_load_head_grow(int fd, struct udb_load_head *head,
			      const struct udb_load_task *task)
{
	uint64_t size = UDB_LOAD_HEAD_FIRST;
	uint8_t *bytes;
	int ret;

	for (;; size *= 4) {
		size = size < head->file_size ? size : head->file_size;
		bytes = malloc(size ? size : 1);
		if (!bytes)
			return -ENOMEM;
		ret = udb_load_head_read(fd, bytes, size);
		head->bytes = bytes;
		head->size = size;
		if (!ret)
			ret = task->parse(head, task->data);
		free(bytes);
		if (ret != -EAGAIN)
			return ret;
		if (size >= UDB_LOAD_HEAD_MAX || size == head->file_size)
			return udb_load_head_bad(head,
						 "its header is too long");
	}
}

static int udb_load_head_file(const struct udb_load_task *task)
{
	struct udb_load_head head = { 0 };
	const char *path = task->path;
	int fd, ret;

	fd = udb_load_head_open(path, &head.file_size);
	if (fd < 0)
		return udb_load_note(task->failure, fd, UDB_LOAD_FAULT_OPEN,
				     path, "cannot open %s: %s", path,
				     strerrordesc_np(-fd));
	ret = udb_load_head_grow(fd, &head, task);
	close(fd);
	if (ret && !task->failure->error)
		udb_load_note(task->failure, ret, UDB_LOAD_FAULT_FORMAT, path,
			      "no tensors are known of %s: %s", path,
			      head.why ? head.why : strerrordesc_np(-ret));
	return ret;
}

/* The table's own copy, once for each file. */
static int udb_load_tensors_path(struct udb_load_tensors *tensors,
				 const char *path)
{
	char **paths = (char **)calloc(tensors->nr_paths + 1, sizeof(*paths));
	char *copy = udb_load_text(path, strlen(path));

	if (!paths || !copy) {
		free((void *)paths);
		free(copy);
		return -ENOMEM;
	}
	if (tensors->paths)
		memcpy((void *)paths, (void *)tensors->paths,
		       tensors->nr_paths * sizeof(*paths));
	free((void *)tensors->paths);
	tensors->paths = paths;
	paths[tensors->nr_paths++] = copy;
	return 0;
}

static int udb_load_tensors_file(struct udb_load_tensors *tensors,
				 const char *path,
				 struct udb_load_failure *failure)
{
	struct udb_load_task task = { path, udb_load_parse_tensors, tensors,
				      failure };
	size_t first = tensors->nr;
	int ret = udb_load_tensors_path(tensors, path);

	if (!ret)
		ret = udb_load_head_file(&task);
	for (size_t i = first; i < tensors->nr; i++)
		tensors->list[i].path = tensors->paths[tensors->nr_paths - 1];
	return ret;
}

/* An index, while its files are found; the names are of its folder. */
struct udb_load_index {
	struct udb_load_tensors *tensors;
	struct udb_load_failure *failure;
	const char *folder;
	size_t folder_size;
};

/* A name out of a file that nobody trusts: it must not lead out of the folder. */
static int udb_load_index_path(const struct udb_load_index *index,
			       const char *file, char *path, size_t size)
{
	if (!*file || strchr(file, '/') || !strcmp(file, "..") ||
	    index->folder_size + strlen(file) >= size)
		return udb_load_note(index->failure, -EBADMSG,
				     UDB_LOAD_FAULT_FORMAT, file,
				     "not a file beside the index: %s", file);
	memcpy(path, index->folder, index->folder_size);
	memcpy(path + index->folder_size, file, strlen(file) + 1);
	return 0;
}

static int udb_load_index_file(void *data, const char *tensor, const char *file)
{
	struct udb_load_index *index = data;
	char path[4096];
	int ret = udb_load_index_path(index, file, path, sizeof(path));

	(void)tensor;
	if (ret)
		return ret;
	for (size_t i = 0; i < index->tensors->nr_paths; i++)
		if (!strcmp(index->tensors->paths[i], path))
			return 0;
	return udb_load_tensors_file(index->tensors, path, index->failure);
}

static bool udb_load_tensors_have(const struct udb_load_tensors *tensors,
				  const char *name, const char *path)
{
	for (size_t i = 0; i < tensors->nr; i++)
		if (!strcmp(tensors->list[i].name, name) &&
		    !strcmp(tensors->list[i].path, path))
			return true;
	return false;
}

static int udb_load_index_check(void *data, const char *tensor,
				const char *file)
{
	struct udb_load_index *index = data;
	char path[4096];
	int ret = udb_load_index_path(index, file, path, sizeof(path));

	if (ret || udb_load_tensors_have(index->tensors, tensor, path))
		return ret;
	return udb_load_note(index->failure, -EBADMSG, UDB_LOAD_FAULT_FORMAT,
			     path, "%s lacks the tensor %s", path, tensor);
}

static int udb_load_parse_index(struct udb_load_head *head, void *data)
{
	int ret;

	if (head->size < head->file_size)
		return -EAGAIN;
	ret = udb_load_index_parse(head, udb_load_index_file, data);
	return ret ? ret :
		     udb_load_index_parse(head, udb_load_index_check, data);
}

static int udb_load_tensors_index(struct udb_load_tensors *tensors,
				  const char *path,
				  struct udb_load_failure *failure)
{
	const char *slash = strrchr(path, '/');
	struct udb_load_index index = {
		.tensors = tensors,
		.failure = failure,
		.folder = path,
		.folder_size = slash ? (size_t)(slash - path) + 1 : 0,
	};
	struct udb_load_task task = { path, udb_load_parse_index, &index,
				      failure };

	return udb_load_head_file(&task);
}

static bool udb_load_ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && !strcmp(text + size - end_size, end);
}

int udb_load_tensors_open(const char *path, struct udb_load_failure *failure,
			  struct udb_load_tensors **ret_tensors)
{
	struct udb_load_failure why = { 0 };
	struct udb_load_tensors *tensors;
	int ret = udb_load_failure_give(failure, NULL);

	if (ret)
		return ret;
	if (!path)
		return -EINVAL;
	tensors = calloc(1, sizeof(*tensors));
	if (!tensors)
		return -ENOMEM;
	if (udb_load_ends_with(path, ".json"))
		ret = udb_load_tensors_index(tensors, path, &why);
	else
		ret = udb_load_tensors_file(tensors, path, &why);
	if (ret) {
		if (!why.error)
			udb_load_note(&why, ret, UDB_LOAD_FAULT_MEMORY, path,
				      "cannot read %s: %s", path,
				      strerrordesc_np(-ret));
		udb_load_tensors_free(tensors);
		udb_load_failure_give(failure, &why);
		return ret;
	}
	*ret_tensors = tensors;
	return 0;
}

size_t udb_load_tensors_nr(const struct udb_load_tensors *tensors)
{
	return tensors->nr;
}

int udb_load_tensors_get(const struct udb_load_tensors *tensors, size_t index,
			 struct udb_load_tensor *tensor)
{
	if (index >= tensors->nr)
		return -EINVAL;
	return udb_struct_give(tensor, &tensors->list[index], sizeof(*tensor),
			       sizeof(*tensor));
}

static bool udb_load_tensors_joins(const struct udb_load_source *source,
				   const struct udb_load_tensor *tensor)
{
	return source->path == tensor->path &&
	       tensor->offset - (source->offset + source->size) < UDB_LOAD_GAP;
}

/* Empty tensors have no bytes to load. */
int udb_load_tensors_sources(const struct udb_load_tensors *tensors,
			     const char *glob, struct udb_load_source *sources,
			     size_t max)
{
	struct udb_load_source source = { 0 };
	size_t nr = 0;

	for (size_t i = 0; i < tensors->nr; i++) {
		const struct udb_load_tensor *tensor = &tensors->list[i];

		if (!tensor->size || (glob && fnmatch(glob, tensor->name, 0)))
			continue;
		if (nr && udb_load_tensors_joins(&source, tensor)) {
			source.size =
				tensor->offset + tensor->size - source.offset;
		} else {
			if (nr == INT32_MAX || (max && nr == max))
				return -E2BIG;
			nr++;
			source = (struct udb_load_source){
				.path = tensor->path,
				.offset = tensor->offset,
				.size = tensor->size,
				.fd = -1,
			};
		}
		if (max)
			sources[nr - 1] = source;
	}
	return nr ? (int)nr : -ENOENT;
}
