package dev.cepa.directory;

import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Undoes the compression of directory answers (dir-spec section 6.1), and guards against answers that swell: beyond an
 * absolute limit, or to more than {@value #MAX_RATIO} times what was received once {@value #RATIO_FREE_BYTES} bytes have
 * come out. Streams that are joined end to end count together. One instance a client; thread-safe.
 *
 * <p>The classes of a codec are loaded when an answer needs it.
 */
final class Decompression {
    /** How many bytes may come out for each that went in. */
    static final int MAX_RATIO = 25;

    /** How many bytes may come out before the ratio matters: very small documents compress very well. */
    static final int RATIO_FREE_BYTES = 5 * 1024 * 1024;

    /** Memory that an LZMA stream may ask for: relays use dictionaries of up to 8 MiB. */
    static final int LZMA_LIMIT_KIB = 16 * 1024;

    /** How an answer is compressed. */
    enum Encoding {
        IDENTITY,
        DEFLATE,
        GZIP,
        ZSTD,
        LZMA;

        /** Whether reading it takes megabytes of memory. */
        boolean isHeavy() {
            return this == ZSTD || this == LZMA;
        }

        /** By the value of a Content-Encoding header, in any case. */
        static Encoding of(String contentEncoding) throws ProtocolException {
            return switch (contentEncoding.strip().toLowerCase(Locale.ROOT)) {
                case "", "identity" -> IDENTITY;
                case "deflate", "x-deflate" -> DEFLATE;
                case "gzip", "x-gzip" -> GZIP;
                case "x-zstd" -> ZSTD;
                case "x-tor-lzma" -> LZMA;
                default -> throw new ProtocolException("answer in an unknown encoding");
            };
        }
    }

    private final Encodings encodings;
    /** 0 until looked at, then 1 if zstd works here, -1 if not. */
    private volatile int zstd;

    Decompression(Encodings encodings) {
        this.encodings = encodings;
    }

    /**
     * The value of an Accept-Encoding header: what this client wants, in the words that other Tor clients use. Their order
     * means nothing to relays, which take what they themselves like best of it.
     */
    String acceptEncoding() {
        if (encodings == Encodings.LIGHT) {
            return "deflate, gzip, identity";
        }
        return hasZstd() ? "x-tor-lzma, x-zstd, deflate, gzip, identity" : "x-tor-lzma, deflate, gzip, identity";
    }

    /**
     * The plain bytes of an answer. Reading throws ProtocolException when the answer is malformed, cut short or too large.
     *
     * @param in ends where the answer ends
     * @param limit the most bytes that may come out
     * @throws ProtocolException if the encoding costs more memory than was agreed to
     */
    InputStream open(Encoding encoding, ReceivedBytes in, long limit) throws ProtocolException {
        if (encodings == Encodings.LIGHT && encoding.isHeavy()) {
            throw new ProtocolException("a directory answer is compressed with " + encoding + ", which was not asked for");
        }
        return new GuardedInputStream(this, encoding, in, limit);
    }

    private boolean hasZstd() {
        int known = zstd;
        if (known == 0) {
            // The decoder reads arrays by sun.misc.Unsafe, which an embedder's runtime image may lack, and as little-endian.
            // That is found out without running any of it.
            known = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                            && exists("sun.misc.Unsafe")
                            && exists("io.airlift.compress.zstd.ZstdInputStream")
                    ? 1
                    : -1;
            zstd = known;
        }
        return known > 0;
    }

    private static boolean exists(String className) {
        try {
            Class.forName(className, false, Decompression.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /** The plain bytes, counted; every trouble of a codec becomes a ProtocolException. */
    private static final class GuardedInputStream extends BulkInputStream {
        private final Decompression owner;
        private final Encoding encoding;
        private final ReceivedBytes received;
        private final long limit;
        private @Nullable InputStream codec;
        private long produced;

        GuardedInputStream(Decompression owner, Encoding encoding, ReceivedBytes received, long limit) {
            this.owner = owner;
            this.encoding = encoding;
            this.received = received;
            this.limit = limit;
        }

        @Override
        public int read(byte[] buf, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            int n = encoding == Encoding.IDENTITY ? received.read(buf, offset, length) : decode(buf, offset, length);
            if (n < 0) {
                return -1;
            }
            produced += n;
            if (produced > limit) {
                throw new ProtocolException("answer is larger than " + limit + " bytes");
            }
            if (produced > RATIO_FREE_BYTES && produced / MAX_RATIO > received.taken()) {
                throw new ProtocolException(
                        "answer swells from " + received.taken() + " to more than " + produced + " bytes");
            }
            return n;
        }

        private int decode(byte[] buf, int offset, int length) throws IOException {
            try {
                // A codec reads its header when it is made, so that is left to the first read.
                if (codec == null) {
                    codec = newCodec();
                }
                int n = codec.read(buf, offset, length);
                if (n == 0) {
                    throw new ProtocolException(encoding + " answer makes no progress");
                }
                if (n < 0 && !received.atEnd()) {
                    throw new ProtocolException(encoding + " answer has bytes behind its end");
                }
                return n;
            } catch (TorException e) {
                // From the stream below, or above.
                throw e;
            } catch (IOException | RuntimeException e) {
                throw new ProtocolException(encoding + " answer can't be decompressed: " + e.getMessage(), e);
            } catch (LinkageError e) {
                owner.zstd = encoding == Encoding.ZSTD ? -1 : owner.zstd;
                throw new TorException(ErrorKind.INTERNAL, encoding + " does not work in this Java runtime", e);
            }
        }

        private InputStream newCodec() throws IOException {
            return switch (encoding) {
                case DEFLATE -> new InflatingInputStream(received, false);
                case GZIP -> new InflatingInputStream(received, true);
                case ZSTD -> Zstd.open(received);
                case LZMA -> Lzma.open(received);
                case IDENTITY -> received;
            };
        }

        @Override
        public void close() throws IOException {
            if (codec != null) {
                codec.close();
            }
            received.close();
        }
    }

    /** Apart, so that its classes are loaded late. */
    private static final class Zstd {
        static InputStream open(InputStream in) {
            return new io.airlift.compress.zstd.ZstdInputStream(in);
        }
    }

    /** Apart, so that its classes are loaded late. */
    private static final class Lzma {
        static InputStream open(InputStream in) throws IOException {
            return new org.tukaani.xz.LZMAInputStream(in, LZMA_LIMIT_KIB);
        }
    }
}
