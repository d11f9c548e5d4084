package dev.cepa.path;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file of address ranges and their countries, as Debian's package tor-geoipdb has two of: lines such as
 * {@code 16777216,16777471,AU} and {@code 2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP}, in ascending order. Such
 * a file has 400,000 lines, so it goes byte by byte and makes no object a line.
 */
final class CountryFile {
    private static final int LONGEST_LINE = 256;

    private final Path path;
    private final boolean ipv6;
    private final Countries.Codes codes;
    private final byte[] line = new byte[LONGEST_LINE];
    private int length;
    private int number;
    private int at;
    private long high; // of the address that was read last
    private long low;

    CountryFile(Path path, boolean ipv6, Countries.Codes codes) {
        this.path = path;
        this.ipv6 = ipv6;
        this.codes = codes;
    }

    /** @throws TorException of kind CONFIG that names the file and the line */
    CountryTable read() throws TorException {
        CountryTable table = new CountryTable(ipv6);
        byte[] buffer = new byte[16 * 1024];
        try (InputStream in = Files.newInputStream(path)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++) {
                    byte b = buffer[i];
                    if (b == '\n') {
                        endLine(table);
                    } else if (b != '\r' && b != '"' && length < LONGEST_LINE) {
                        line[length++] = b;
                    }
                }
            }
        } catch (IOException e) {
            throw new TorException(ErrorKind.CONFIG, "the file of countries " + path + " can't be read: " + e, e);
        }
        endLine(table);
        table.finish();
        return table;
    }

    /**
     * Reads until one address is found.
     *
     * @param address of the file's family
     * @return its country's code in lower case; null if the file says nothing of it
     * @throws TorException of kind CONFIG if the file can't be read; lines that mean nothing are left out
     */
    @Nullable String find(byte[] address) throws TorException {
        ByteBuffer bytes = ByteBuffer.wrap(address);
        long wantedHigh = ipv6 ? bytes.getLong() : 0;
        long wantedLow = ipv6 ? bytes.getLong() : bytes.getInt() & 0xffff_ffffL;
        byte[] buffer = new byte[16 * 1024];
        try (InputStream in = Files.newInputStream(path)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++) {
                    byte b = buffer[i];
                    if (b == '\n') {
                        if (covers(wantedHigh, wantedLow)) {
                            return new String(line, at, 2, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
                        }
                        length = 0;
                    } else if (b != '\r' && b != '"' && length < LONGEST_LINE) {
                        line[length++] = b;
                    }
                }
            }
        } catch (IOException e) {
            throw new TorException(ErrorKind.CONFIG, "the file of countries " + path + " can't be read: " + e, e);
        }
        return null;
    }

    /** Whether the line is of a range that the address is in; its country is at {@link #at} then. */
    private boolean covers(long wantedHigh, long wantedLow) {
        at = 0;
        if (length == 0 || line[0] == '#' || !address(length)) {
            return false;
        }
        boolean behind = compare(high, low, wantedHigh, wantedLow) <= 0;
        return address(length) && at + 2 <= length && behind && compare(high, low, wantedHigh, wantedLow) >= 0;
    }

    private static int compare(long high1, long low1, long high2, long low2) {
        int order = Long.compareUnsigned(high1, high2);
        return order != 0 ? order : Long.compareUnsigned(low1, low2);
    }

    private void endLine(CountryTable table) throws TorException {
        number++;
        int end = length;
        length = 0;
        at = 0;
        while (at < end && (line[at] == ' ' || line[at] == '\t')) {
            at++;
        }
        if (at == end || line[at] == '#') {
            return;
        }
        boolean good = address(end);
        long firstHigh = high;
        long firstLow = low;
        good = good && address(end) && at + 2 <= end && (at + 2 == end || line[at + 2] == ',');
        if (!good) {
            throw new TorException(
                    ErrorKind.CONFIG,
                    path + ": line " + number + " is no range of addresses, such as "
                            + (ipv6 ? "2001:200::,2001:200:ffff::,JP" : "16777216,16777471,AU"));
        }
        if (!table.add(firstHigh, firstLow, high, low, codes.number(line[at], line[at + 1], !ipv6))) {
            throw new TorException(ErrorKind.CONFIG, path + ": line " + number + " is not in ascending order");
        }
    }

    /** Reads an address and the comma behind it. */
    private boolean address(int end) {
        return ipv6 ? address6(end) : address4(end);
    }

    private boolean address4(int end) {
        int start = at;
        high = 0;
        low = 0;
        while (at < end && line[at] >= '0' && line[at] <= '9') {
            low = 10 * low + (line[at++] - '0');
            if (low >>> 32 != 0) {
                return false;
            }
        }
        return at > start && at < end && line[at++] == ',';
    }

    /** Groups of hexadecimal digits; at most once a double colon, which stands for as many zeros as are missing. */
    private boolean address6(int end) {
        long beforeHigh = 0;
        long beforeLow = 0;
        int before = -1; // groups before the double colon
        int groups = 0;
        high = 0;
        low = 0;
        while (at < end && line[at] != ',') {
            if (line[at] == ':') {
                if (at + 1 < end && line[at + 1] == ':') {
                    if (before >= 0) {
                        return false;
                    }
                    before = groups;
                    beforeHigh = high;
                    beforeLow = low;
                    high = 0;
                    low = 0;
                    at += 2;
                    continue;
                }
                if (groups == 0 || ++at == end) {
                    return false;
                }
            }
            int start = at;
            int group = 0;
            while (at < end && Character.digit(line[at], 16) >= 0) {
                group = group << 4 | Character.digit(line[at++], 16);
            }
            if (at == start || at - start > 4 || ++groups > 8) {
                return false;
            }
            high = high << 16 | low >>> 48;
            low = low << 16 | group;
        }
        if (before >= 0) {
            for (int i = before; i < 8; i++) {
                // To their place at the front, as far as there are groups behind.
                beforeHigh = beforeHigh << 16 | beforeLow >>> 48;
                beforeLow <<= 16;
            }
            high |= beforeHigh;
            low |= beforeLow;
        }
        return (before >= 0 ? groups < 8 : groups == 8) && at < end && line[at++] == ',';
    }
}
