package dev.cepa.directory;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The directory documents on disk, in the files and formats of C tor: {@code cached-certs},
 * {@code cached-microdesc-consensus}, {@code cached-microdescs} and its journal {@code cached-microdescs.new}. Nothing that is
 * read here is trusted: whoever reads verifies signatures and digests. A file that can't be read or written costs a warning
 * and a download, never more.
 *
 * <p>Thread-safe; one lock, whose only purpose is that one thread at a time is at the files.
 */
final class DirectoryStore {
    private static final String CONSENSUS = "cached-microdesc-consensus";
    private static final String CERTIFICATES = "cached-certs";
    private static final String MICRODESCS = "cached-microdescs";
    private static final String JOURNAL = "cached-microdescs.new";
    private static final int MAX_CERTIFICATES = 1024 * 1024;
    /** A journal below this size is not worth rebuilding the cache. */
    private static final int SMALL_JOURNAL = 16 * 1024;

    private final @Nullable Path directory;
    private final TorEvents events;
    private final ReentrantLock lock = new ReentrantLock();
    /** Whether the last write failed; guarded by {@link #lock}. */
    private boolean failing;
    /** Whether the journal may be appended to: not if what a failed write left there could not be removed. */
    private boolean journalUsable = true;

    /** @param directory null to keep nothing */
    DirectoryStore(@Nullable Path directory, TorEvents events) {
        this.directory = directory;
        this.events = events;
    }

    /** The cached consensus, unverified; null if there is none. */
    byte @Nullable [] readConsensus() {
        return read(CONSENSUS, DirectoryRequest.maxConsensus());
    }

    /** Replaces the cached consensus. */
    void writeConsensus(byte[] document) {
        replace(CONSENSUS, document);
    }

    /** The cached certificates, one behind the other, unverified; null if there are none. */
    byte @Nullable [] readCertificates() {
        return read(CERTIFICATES, MAX_CERTIFICATES);
    }

    /** Replaces the cached certificates. */
    void writeCertificates(byte[] documents) {
        replace(CERTIFICATES, documents);
    }

    /** Says that a cached document is of no use, and why. */
    void reportUnusable(String what, String why) {
        events.emit(new TorEvent.Warning(
                "The cached " + what + " in " + directory + " can't be used and is fetched anew: " + why, null));
    }

    /** Hands all cached microdescriptors to the sink, those of the journal last; the same one may come twice. */
    void readMicrodescs(MicrodescReader.Sink sink) {
        if (directory == null) {
            return;
        }
        lock.lock();
        try {
            readFile(directory.resolve(MICRODESCS), sink);
            readFile(directory.resolve(JOURNAL), sink);
        } finally {
            lock.unlock();
        }
    }

    private void readFile(Path file, MicrodescReader.Sink sink) {
        try (InputStream in = Files.newInputStream(file)) {
            MicrodescReader.read(in, sink);
        } catch (NoSuchFileException e) {
            // The usual case at the first start.
        } catch (IOException e) {
            warn("can't be read", file, e);
        }
    }

    /**
     * Appends microdescriptors to the journal.
     *
     * @param entries each with its annotation, as {@link MicrodescBatch} joins them
     */
    void appendMicrodescs(byte[] entries, int length) {
        if (directory == null || length == 0) {
            return;
        }
        lock.lock();
        try {
            if (!journalUsable) {
                return;
            }
            Path file = directory.resolve(JOURNAL);
            long before = CacheFile.size(file);
            try {
                CacheFile.append(file, entries, length);
                failing = false;
            } catch (IOException e) {
                warn("can't be written", file, e);
                try {
                    CacheFile.truncate(file, before);
                } catch (IOException again) {
                    journalUsable = false;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether the journal has grown so large that the cache should be rebuilt. */
    boolean shouldRebuild() {
        if (directory == null) {
            return false;
        }
        lock.lock();
        try {
            long journal = CacheFile.size(directory.resolve(JOURNAL));
            return journal >= SMALL_JOURNAL && journal > CacheFile.size(directory.resolve(MICRODESCS)) / 2;
        } finally {
            lock.unlock();
        }
    }

    /** Says which microdescriptors stay. */
    interface Keeper {
        /** Whether this one stays; asked once for each entry, in the order of the files. */
        boolean keeps(byte[] buf, int offset, int length);
    }

    /**
     * Merges the journal into the cache, and leaves out what is of no use any more.
     *
     * @param keeper says no when the same one comes a second time
     * @param listedAt when the consensus is of that lists what stays
     */
    void rebuildMicrodescs(Keeper keeper, Instant listedAt) {
        if (directory == null) {
            return;
        }
        lock.lock();
        try {
            Path cache = directory.resolve(MICRODESCS);
            Path journal = directory.resolve(JOURNAL);
            byte[] annotation = MicrodescBatch.annotation(listedAt.getEpochSecond());
            try (CacheFile.Replacement out = new CacheFile.Replacement(cache)) {
                for (Path file : new Path[] {cache, journal}) {
                    try (InputStream in = Files.newInputStream(file)) {
                        MicrodescReader.read(in, (buf, offset, length, lastListed) -> {
                            if (keeper.keeps(buf, offset, length)) {
                                out.write(annotation, 0, annotation.length);
                                out.write(buf, offset, length);
                            }
                        });
                    } catch (NoSuchFileException e) {
                        // Nothing to take from it.
                    }
                }
                out.commit();
                CacheFile.truncate(journal, 0);
                journalUsable = true;
                failing = false;
            } catch (IOException e) {
                warn("can't be written", cache, e);
            }
        } finally {
            lock.unlock();
        }
    }

    private byte @Nullable [] read(String name, int limit) {
        if (directory == null) {
            return null;
        }
        Path file = directory.resolve(name);
        lock.lock();
        try (InputStream in = Files.newInputStream(file)) {
            long size = Files.size(file);
            if (size > limit) {
                throw new IOException("it has " + size + " bytes, more than the " + limit + " that are sensible");
            }
            return in.readNBytes(limit);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            warn("can't be read", file, e);
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void replace(String name, byte[] document) {
        if (directory == null) {
            return;
        }
        Path file = directory.resolve(name);
        lock.lock();
        try (CacheFile.Replacement out = new CacheFile.Replacement(file)) {
            out.write(document, 0, document.length);
            out.commit();
            failing = false;
        } catch (IOException e) {
            warn("can't be written", file, e);
        } finally {
            lock.unlock();
        }
    }

    /** Warns once, until something can be written again: a full disk would otherwise be reported with each document. */
    private void warn(String what, Path file, IOException e) {
        if (!failing) {
            String why = e.getMessage() == null ? e.toString() : e.getMessage();
            TorException cause = new TorException(ErrorKind.STORAGE, file + " " + what + ": " + why, e);
            events.emit(new TorEvent.Warning(
                    cause.getMessage() + "; Cepa goes on with what is in memory. " + cause.remedy(), cause));
        }
        failing = true;
    }
}
