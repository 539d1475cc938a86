/*
 * The files of the web page, part of the program: a node is one file that can be moved anywhere.
 * They stand in ../site as they are served; site.c lists them.
 */
#ifndef STARLING_WEB_PAGE_H
#define STARLING_WEB_PAGE_H

#include <stddef.h>

/* How many files there are. */
size_t starling_page_count(void);

/* The path of a file below the page's root, such as "style/tokens.css"; NULL past the last. */
const char *starling_page_path(size_t file);

/* Its length in bytes; 0 past the last. */
size_t starling_page_length(size_t file);

/* Its bytes, which are there as long as the program is; NULL past the last. */
const unsigned char *starling_page_bytes(size_t file);

#endif
