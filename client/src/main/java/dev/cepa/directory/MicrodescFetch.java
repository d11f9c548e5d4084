package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.directory.DirectoryFetcher.Server;
import dev.cepa.directory.DirectoryFetcher.Source;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.Consensus;
import dev.cepa.path.PathSelector;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One round of fetching the microdescriptors that are missing: in batches, several at the same time, from several servers. A
 * batch that a server lacks in part is asked of others, a few times; what is missing then is left to the next round.
 *
 * <p>All state is guarded by {@link #lock}; each worker is a virtual thread.
 */
final class MicrodescFetch {
    /** Batches smaller than this are not worth a server of their own. */
    private static final int MIN_BATCH = 4;
    /** A round asks at least so many servers if there is enough to ask for. */
    private static final int MIN_BATCHES = 3;

    private static final int MAX_TRIES = 3;

    /** Where microdescriptors go. */
    interface Destination {
        /** Reads an answer; may be called by several threads. */
        void accept(DirectoryAnswer answer) throws IOException;

        /** Those of {@code relays} whose microdescriptor has not come. */
        int[] stillMissing(int[] relays);
    }

    /** Relays whose microdescriptors are asked for together. */
    private static final class Batch {
        final int[] relays;
        final Set<RsaId> without = new HashSet<>();
        int tries;

        Batch(int[] relays) {
            this.relays = relays;
        }
    }

    private final DirectoryFetcher fetcher;
    private final DirectorySettings settings;
    private final PathSelector selector;
    private final Consensus consensus;
    private final Destination destination;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private final ArrayDeque<Batch> waiting = new ArrayDeque<>();
    private final List<Thread> workers = new ArrayList<>();
    private int underWay;
    private @Nullable TorException lastFailure;

    /**
     * @param selector the snapshot that guards are looked up in
     * @param consensus the consensus whose relays are numbered
     * @param relays those whose microdescriptors are wanted, the most urgent first
     */
    MicrodescFetch(
            DirectoryFetcher fetcher, DirectorySettings settings, PathSelector selector, Consensus consensus, int[] relays,
            Destination destination) {
        this.fetcher = fetcher;
        this.settings = settings;
        this.selector = selector;
        this.destination = destination;
        this.consensus = consensus;
        int size = batchSize(relays.length);
        for (int from = 0; from < relays.length; from += size) {
            waiting.add(new Batch(Arrays.copyOfRange(relays, from, Math.min(relays.length, from + size))));
        }
    }

    /** How many microdescriptors are asked for at once when so many are missing. */
    static int batchSize(int missing) {
        int share = (missing + MIN_BATCHES - 1) / MIN_BATCHES;
        return Math.clamp(share, Math.min(MIN_BATCH, Math.max(1, missing)), DirectoryRequest.MAX_MICRODESCS_A_REQUEST);
    }

    /**
     * Runs until every batch has come or was given up. Interrupting it ends all questions.
     *
     * @return the last failure; null if there was none
     */
    @Nullable TorException run() throws InterruptedException {
        lock.lock();
        try {
            int count = Math.min(waiting.size(), settings.maxParallelMicrodescFetches());
            for (int i = 0; i < count; i++) {
                workers.add(Thread.ofVirtual().name("cepa-microdescs").start(this::work));
            }
            while (!workers.isEmpty()) {
                done.await();
            }
            return lastFailure;
        } finally {
            for (Thread worker : workers) {
                worker.interrupt();
            }
            lock.unlock();
        }
    }

    private void work() {
        try {
            for (Batch batch = take(); batch != null; batch = take()) {
                run(batch);
            }
        } catch (InterruptedException e) {
            // The round was ended.
        } finally {
            lock.lock();
            try {
                workers.remove(Thread.currentThread());
                done.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The next batch; waits while one that is under way may come back. Null when there will be none. */
    private @Nullable Batch take() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && underWay > 0) {
                done.await();
            }
            Batch batch = waiting.poll();
            if (batch != null) {
                underWay++;
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void run(Batch batch) throws InterruptedException {
        TorException failure = null;
        try {
            ask(batch);
        } catch (TorException e) {
            failure = e;
        } catch (IOException e) {
            failure = new TorException(ErrorKind.RELAY_UNREACHABLE, String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "a mistake in fetching microdescriptors: " + e, e);
        }
        if (failure != null && Thread.interrupted()) {
            throw new InterruptedException();
        }
        int[] missing = destination.stillMissing(batch.relays);
        lock.lock();
        try {
            underWay--;
            lastFailure = failure == null ? lastFailure : failure;
            if (missing.length > 0 && ++batch.tries < MAX_TRIES) {
                Batch rest = new Batch(missing);
                rest.tries = batch.tries;
                rest.without.addAll(batch.without);
                waiting.add(rest);
            }
            done.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void ask(Batch batch) throws IOException {
        Server server = fetcher.choose(Source.GUARD, selector, batch.without);
        batch.without.add(server.id());
        List<byte[]> digests = new ArrayList<>(batch.relays.length);
        for (int relay : batch.relays) {
            digests.add(consensus.microdescDigest(relay));
        }
        DirectoryRequest request = DirectoryRequest.microdescs(digests);
        try (DirectoryAnswer answer = fetcher.ask(server, request, Deadline.in(settings.requestTimeout()))) {
            try {
                answer.expectOk();
                destination.accept(answer);
            } catch (IOException e) {
                fetcher.failed(server);
                throw e;
            }
        }
    }
}
