#include "WebPage.h"

/* Every compiler that builds Swift has #embed, which C has since 2023. */
#pragma clang diagnostic ignored "-Wc23-extensions"

/* A file comes with three lines here and one in the table; scripts/tidy finds what was forgotten. */
static const unsigned char index_html[] = {
#embed "site/index.html"
};

static const struct {
    const char *path;
    const unsigned char *bytes;
    size_t length;
} files[] = {
#define FILE(path, name) {path, name, sizeof name}
    FILE("index.html", index_html),
};

static const size_t count = sizeof files / sizeof files[0];

size_t starling_page_count(void) { return count; }

const char *starling_page_path(size_t file) { return file < count ? files[file].path : NULL; }

size_t starling_page_length(size_t file) { return file < count ? files[file].length : 0; }

const unsigned char *starling_page_bytes(size_t file) {
    return file < count ? files[file].bytes : NULL;
}
