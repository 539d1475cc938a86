/* zlib, of which only gzip of whole texts is used. */
#ifndef STARLING_CZLIB_H
#define STARLING_CZLIB_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/*
 * Writes `count` bytes as a gzip file (RFC 1952) into `room` bytes at `out`. Gives its length; 0
 * where it has no room, or there is no memory. (What zlib has for it is a macro.)
 */
static inline size_t starling_gzip(const void *bytes, size_t count, void *out, size_t room) {
    z_stream stream = {0};
    if (count > (1u << 30) || room > (1u << 30)) return 0;
    if (deflateInit2(&stream, 5, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    int ended = deflate(&stream, Z_FINISH);
    size_t length = room - stream.avail_out;
    deflateEnd(&stream);
    return ended == Z_STREAM_END ? length : 0;
}

#endif
