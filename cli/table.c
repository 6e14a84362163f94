// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table whose columns are as wide as what is in them.
 */
#include <stdlib.h>

#include "cli.h"

void cli_table_begin(struct cli_table *table, const char *const *heads,
		     unsigned int nr)
{
	*table = (struct cli_table){ .heads = heads, .nr_columns = nr };
}

static struct cli_cell *cli_table_cell(const struct cli_table *table,
				       size_t row, unsigned int column)
{
	return &table->cells[row * table->nr_columns + column];
}

/* A row of empty cells; cli_table_set() fills them. */
void cli_table_row(struct cli_table *table)
{
	size_t row = table->nr_rows;

	table->cells = cli_grow(table->cells, row, &table->room,
				table->nr_columns * sizeof(*table->cells));
	table->nr_rows++;
	for (unsigned int c = 0; c < table->nr_columns; c++)
		cli_table_cell(table, row, c)->text = cli_strdup("");
}

void cli_table_set(struct cli_table *table, unsigned int column,
		   const char *format, ...)
{
	struct cli_cell *cell =
		cli_table_cell(table, table->nr_rows - 1, column);
	va_list args;

	free(cell->text);
	va_start(args, format);
	cell->text = cli_format(format, args);
	va_end(args);
}

static bool cli_table_is_number(const struct cli_table *table,
				unsigned int column)
{
	return table->heads[column][0] == '>';
}

static const char *cli_table_head(const struct cli_table *table,
				  unsigned int column)
{
	return table->heads[column] + cli_table_is_number(table, column);
}

static void cli_table_measure(const struct cli_table *table, size_t *width)
{
	size_t have;

	for (unsigned int c = 0; c < table->nr_columns; c++) {
		width[c] = cli_width(cli_table_head(table, c));
		for (size_t r = 0; r < table->nr_rows; r++) {
			have = cli_width(cli_table_cell(table, r, c)->text);
			if (have > width[c])
				width[c] = have;
		}
	}
}

/*
 * Spaces go in front of a word, so that no line ends in them. @gap: how many there
 * have to be, with what the columns before this one left.
 */
static void cli_table_word(const struct cli_table *table, unsigned int column,
			   size_t width, const char *word, size_t *gap)
{
	size_t fill = width - cli_width(word);

	if (!*word) {
		*gap += width + 2;
		return;
	}
	if (cli_table_is_number(table, column)) {
		*gap += fill;
		fill = 0;
	}
	printf("%*s%s", (int)*gap, "", word);
	*gap = fill + 2;
}

void cli_table_print(const struct cli_table *table)
{
	size_t width[CLI_COLUMNS], gap = 0;

	cli_table_measure(table, width);
	cli_term_begin(stdout, CLI_BOLD);
	for (unsigned int c = 0; c < table->nr_columns; c++)
		cli_table_word(table, c, width[c], cli_table_head(table, c),
			       &gap);
	cli_term_end(stdout, CLI_BOLD);
	putchar('\n');
	for (size_t r = 0; r < table->nr_rows; r++) {
		gap = 0;
		for (unsigned int c = 0; c < table->nr_columns; c++)
			cli_table_word(table, c, width[c],
				       cli_table_cell(table, r, c)->text, &gap);
		putchar('\n');
	}
}

void cli_table_end(struct cli_table *table)
{
	for (size_t r = 0; r < table->nr_rows; r++)
		for (unsigned int c = 0; c < table->nr_columns; c++)
			free(cli_table_cell(table, r, c)->text);
	free(table->cells);
}
