/* libarchive: archives of other services are read, and one of a person's own is written. */
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

/* A zip into a descriptor, which stays open; NULL when that cannot be. */
static inline struct archive *starling_archive_create(int descriptor) {
    struct archive *archive = archive_write_new();
    if (archive == NULL) return NULL;
    if (archive_write_set_format_zip(archive) < ARCHIVE_WARN ||
        archive_write_open_fd(archive, descriptor) < ARCHIVE_WARN) {
        archive_write_free(archive);
        return NULL;
    }
    return archive;
}

/* Begins a plain file that only its owner reads. */
static inline int starling_archive_begin_file(struct archive *archive, const char *name,
                                              long long size, long long seconds) {
    struct archive_entry *entry = archive_entry_new();
    if (entry == NULL) return ARCHIVE_FATAL;
    archive_entry_set_pathname_utf8(entry, name);
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, seconds, 0);
    int result = archive_write_header(archive, entry);
    archive_entry_free(entry);
    return result;
}

#endif
