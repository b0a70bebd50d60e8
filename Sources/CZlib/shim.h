#pragma once

#include <stddef.h>
#include <zlib.h>

/* deflateInit2 is a macro, which does not import; and a stream that starts and ends here needs no pointer in Swift.
 * Writes a gzip member (RFC 1952) of the input at this level; gives its size, or 0 where the room is too small. */
static inline size_t czlib_gzip(const unsigned char *input, size_t count, int level, unsigned char *output, size_t room)
{
    z_stream stream = {0};
    if (count > (uInt)-1 || room > (uInt)-1 ||
        deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)count;
    stream.next_out = output;
    stream.avail_out = (uInt)room;
    int outcome = deflate(&stream, Z_FINISH);
    size_t size = room - stream.avail_out;
    deflateEnd(&stream);
    return outcome == Z_STREAM_END ? size : 0;
}

/* The most that czlib_gzip can need: deflate's own bound for any settings (zlib's deflate.c), and gzip's head and tail. */
static inline size_t czlib_gzip_bound(size_t count)
{
    return count + (count >> 5) + (count >> 7) + (count >> 11) + 7 + 18;
}
