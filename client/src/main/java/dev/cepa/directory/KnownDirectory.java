package dev.cepa.directory;

import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.NetDirBuilder;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The consensus in use and those of its microdescriptors that have come, in memory and on disk. Whatever is in here was
 * verified. Thread-safe; one lock, held while microdescriptors are taken in but not while anything is written.
 */
final class KnownDirectory {
    private final DirectoryStore store;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by {@link #lock}. */
    private @Nullable NetDirBuilder builder;

    KnownDirectory(DirectoryStore store) {
        this.store = store;
    }

    /** A verified consensus takes the place of the one before; microdescriptors that it lists too are kept. */
    void replace(Consensus consensus) {
        lock.lock();
        try {
            NetDirBuilder next = new NetDirBuilder(consensus);
            NetDirBuilder before = builder;
            if (before != null) {
                next.reuse(before.build());
            }
            builder = next;
        } finally {
            lock.unlock();
        }
    }

    /** Takes in the cached microdescriptors that the consensus lists. */
    void loadMicrodescs() {
        NetDirBuilder into = required();
        lock.lock();
        try {
            store.readMicrodescs((buf, offset, length, lastListed) -> into.add(buf, offset, offset + length));
        } finally {
            lock.unlock();
        }
    }

    /** Takes in the microdescriptors of an answer, as they come, and puts them into the journal. */
    void accept(DirectoryAnswer answer) throws IOException {
        NetDirBuilder into = required();
        MicrodescBatch batch = new MicrodescBatch();
        long listedAt = into.consensus().info().validAfter().getEpochSecond();
        try {
            MicrodescReader.read(answer.body(), (buf, offset, length, lastListed) -> {
                lock.lock();
                try {
                    if (into.add(buf, offset, offset + length) > 0) {
                        batch.add(buf, offset, length, listedAt);
                    }
                } finally {
                    lock.unlock();
                }
            });
        } finally {
            store.appendMicrodescs(batch.bytes(), batch.length());
        }
    }

    int[] stillMissing(int[] relays) {
        int[] missing = missing();
        int[] both = new int[relays.length];
        int count = 0;
        for (int relay : relays) {
            if (Arrays.binarySearch(missing, relay) >= 0) {
                both[count++] = relay;
            }
        }
        return Arrays.copyOf(both, count);
    }

    /** The relays whose microdescriptor has not come, ascending. */
    int[] missing() {
        lock.lock();
        try {
            return builder == null ? new int[0] : builder.missing();
        } finally {
            lock.unlock();
        }
    }

    /** A snapshot as of now; null before there is a consensus. */
    @Nullable NetDir snapshot() {
        lock.lock();
        try {
            return builder == null ? null : builder.build();
        } finally {
            lock.unlock();
        }
    }

    /** The consensus in use; there must be one. */
    Consensus consensus() {
        return required().consensus();
    }

    /** Merges the journal into the cache if it has grown large. */
    void tidy() {
        if (store.shouldRebuild()) {
            Consensus consensus = required().consensus();
            NetDirBuilder listed = new NetDirBuilder(consensus);
            store.rebuildMicrodescs(
                    (buf, offset, length) -> listed.add(buf, offset, offset + length) > 0, consensus.info().validAfter());
        }
    }

    private NetDirBuilder required() {
        lock.lock();
        try {
            if (builder == null) {
                throw new IllegalStateException("there is no consensus yet");
            }
            return builder;
        } finally {
            lock.unlock();
        }
    }
}
