#pragma once

#include <stddef.h>
#include <zlib.h>

/* deflateInit2 is a macro, which does not import; and a stream that starts and ends here needs no pointer in Swift.
 * Compresses the input by itself, up to a byte boundary and without an end of the stream (RFC 1951, section 3.2.4: an
 * empty stored block, Z_SYNC_FLUSH), so that other such output may stand before and behind it; gives its size, or 0
 * where there is no memory or the room is too small. */
static inline size_t czlib_deflate_piece(
    const unsigned char *input, size_t count, int level, unsigned char *output, size_t room)
{
    z_stream stream = {0};
    if (count > (uInt)-1 || room > (uInt)-1 ||
        deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)count;
    stream.next_out = output;
    stream.avail_out = (uInt)room;
    int outcome = deflate(&stream, Z_SYNC_FLUSH);
    size_t size = room - stream.avail_out;
    /* With room left over, all of the input is written and flushed (zlib.h, deflate). */
    int isComplete = outcome == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
    deflateEnd(&stream);
    return isComplete ? size : 0;
}

/* More than czlib_deflate_piece can need: deflate's own bound for any settings (zlib's deflate.c), the empty block, and a
 * byte to be left over. */
static inline size_t czlib_deflate_piece_bound(size_t count)
{
    return count + (count >> 5) + (count >> 7) + (count >> 11) + 7 + 6 + 1;
}
