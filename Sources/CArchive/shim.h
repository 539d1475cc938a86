/* libarchive, of which only reading is used. */
#ifndef STARLING_CARCHIVE_H
#define STARLING_CARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

/*
 * A reader of exactly the two kinds of file that people are given when they leave: zip, and tar
 * with or without gzip. The fewer formats, the less code that strangers' bytes can reach.
 */
static inline struct archive *starling_archive_open(const char *path) {
    struct archive *archive = archive_read_new();
    if (archive == NULL) return NULL;
    if (archive_read_support_filter_gzip(archive) < ARCHIVE_WARN ||
        archive_read_support_format_tar(archive) < ARCHIVE_WARN ||
        archive_read_support_format_zip(archive) < ARCHIVE_WARN ||
        archive_read_open_filename(archive, path, 1 << 16) < ARCHIVE_WARN) {
        archive_read_free(archive);
        return NULL;
    }
    return archive;
}

static inline int starling_archive_is_file(struct archive_entry *entry) {
    return archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL;
}

#endif
