package dev.cepa.directory;

import dev.cepa.error.ProtocolException;
import java.io.IOException;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads zlib (RFC 1950) or gzip (RFC 1952) streams, one after the other if several are joined. Unlike the JDK's streams it
 * leaves the bytes behind the end of one stream for the next, and a stream that is cut short is an error. For one thread.
 */
final class InflatingInputStream extends BulkInputStream {
    private static final int FLAG_HEADER_CRC = 2;
    private static final int FLAG_EXTRA = 4;
    private static final int FLAG_NAME = 8;
    private static final int FLAG_COMMENT = 16;

    private final ReceivedBytes in;
    private final boolean gzip;
    private final Inflater inflater;
    private final CRC32 crc = new CRC32();
    private boolean inStream;
    private boolean any;

    InflatingInputStream(ReceivedBytes in, boolean gzip) {
        this.in = in;
        this.gzip = gzip;
        this.inflater = new Inflater(gzip);
    }

    @Override
    public int read(byte[] buf, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (true) {
            if (!inStream && !beginStream()) {
                return -1;
            }
            int n = inflate(buf, offset, length);
            if (gzip) {
                crc.update(buf, offset, n);
            }
            if (inflater.finished()) {
                endStream();
            }
            if (n > 0) {
                return n;
            }
        }
    }

    /** Inflates what is at hand, and waits for more bytes if that gives nothing. */
    private int inflate(byte[] buf, int offset, int length) throws IOException {
        try {
            while (true) {
                int before = in.end() - in.position();
                inflater.setInput(in.buffer(), in.position(), before);
                int n = inflater.inflate(buf, offset, length);
                in.take(before - inflater.getRemaining());
                if (n > 0 || inflater.finished()) {
                    return n;
                }
                if (inflater.needsDictionary()) {
                    throw new ProtocolException("compressed answer needs a dictionary");
                }
                if (!in.fill()) {
                    throw new ProtocolException("compressed answer is cut short");
                }
            }
        } catch (DataFormatException e) {
            throw new ProtocolException("compressed answer is malformed", e);
        }
    }

    private boolean beginStream() throws IOException {
        if (in.atEnd()) {
            if (!any) {
                throw new ProtocolException("compressed answer is empty");
            }
            return false;
        }
        any = true;
        inStream = true;
        inflater.reset();
        if (gzip) {
            crc.reset();
            readGzipHeader();
        }
        return true;
    }

    private void endStream() throws IOException {
        inStream = false;
        if (gzip) {
            long expectedCrc = little(4);
            long expectedSize = little(4);
            if (expectedCrc != crc.getValue() || expectedSize != (inflater.getBytesWritten() & 0xffff_ffffL)) {
                throw new ProtocolException("compressed answer has a wrong checksum");
            }
        }
    }

    private void readGzipHeader() throws IOException {
        if (little(2) != 0x8b1f || little(1) != 8) {
            throw new ProtocolException("answer is not in gzip format");
        }
        int flags = (int) little(1);
        little(4);
        little(2);
        if ((flags & FLAG_EXTRA) != 0) {
            for (long left = little(2); left > 0; left--) {
                little(1);
            }
        }
        if ((flags & FLAG_NAME) != 0) {
            skipString();
        }
        if ((flags & FLAG_COMMENT) != 0) {
            skipString();
        }
        if ((flags & FLAG_HEADER_CRC) != 0) {
            little(2);
        }
    }

    private void skipString() throws IOException {
        for (int left = 1024; little(1) != 0; left--) {
            if (left == 0) {
                throw new ProtocolException("gzip header is too long");
            }
        }
    }

    /** A little-endian number of that many bytes. */
    private long little(int bytes) throws IOException {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            int b = in.read();
            if (b < 0) {
                throw new ProtocolException("compressed answer is cut short");
            }
            value |= (long) b << 8 * i;
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        in.close();
    }
}
