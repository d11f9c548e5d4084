package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what happens in a client to the log, in the words that other programs wait for, and counts it. Never writes a
 * destination. Thread-safe.
 */
final class EventLog implements TorEventListener {
    private final Logger log;
    private final AtomicLong circuitsBuilt = new AtomicLong();
    private final AtomicLong circuitsFailed = new AtomicLong();
    private final AtomicLong hits = new AtomicLong();
    private final AtomicLong waits = new AtomicLong();
    private final AtomicLong misses = new AtomicLong();
    private final AtomicLong streamsOpened = new AtomicLong();
    private final AtomicLong streamsFailed = new AtomicLong();
    private volatile int relays;
    private volatile boolean protocolWarnings;

    EventLog() {
        this(LoggerFactory.getLogger(EventLog.class));
    }

    EventLog(Logger log) {
        this.log = log;
    }

    /** Whether relays that break the protocol are warned about; else they are notes of level info. */
    void setProtocolWarnings(boolean on) {
        protocolWarnings = on;
    }

    @Override
    public void onEvent(TorEvent event) {
        switch (event) {
            case TorEvent.Bootstrap bootstrap -> bootstrap(bootstrap);
            case TorEvent.ListenerOpened(String kind, String address) -> log.info(
                    "Opened {} listener connection (ready) on {}", kind, address);
            case TorEvent.Warning(String message, var cause) -> log.warn(message);
            case TorEvent.ClockSkew(Duration skew, String source) -> clockSkew(skew, source);
            case TorEvent.ConsensusArrived consensus -> {
                relays = consensus.relays();
                log.debug("A consensus of {} relays is in use, valid until {}", consensus.relays(), consensus.validUntil());
            }
            case TorEvent.GuardStatus(String relay, String status) -> log.debug("Guard {} is {}", relay, status);
            case TorEvent.CircuitStatus circuit -> circuit(circuit);
            case TorEvent.StreamStatus stream -> stream(stream);
            case TorEvent.ChannelStatus channel -> {
                noteProtocol(channel.error());
                if (log.isTraceEnabled()) {
                    log.trace("Channel {} to {} {}", channel.channelId(), channel.relay(), channel.status());
                }
            }
            case TorEvent.ClockJumped jumped -> clockJumped(jumped);
            case TorEvent.Dormant(boolean dormant) -> log.info(
                    dormant
                            ? "No client activity in a long time: going dormant. The next stream wakes Cepa."
                            : "Client activity: no longer dormant.");
            case TorEvent.LowMemory low -> {
                log.info(
                        "We're low on memory (queues total alloc: {} of {} bytes). Killing circuits with over-long queues. "
                                + "(This behavior is controlled by MaxMemInQueues.)",
                        low.before(),
                        low.limit());
                log.info("Removed {} bytes by killing {} circuits.", low.freed(), low.ended());
            }
            case TorEvent.BuildTimeoutSet set -> {
                if (set.type() == TorEvent.BuildTimeoutSet.Type.COMPUTED) {
                    log.debug(
                            "Circuits may take {} ms to build, as {} of them show",
                            set.timeout().toMillis(),
                            set.times());
                }
            }
            case TorEvent.OnionDescriptor descriptor -> log.debug(
                    "An onion service's descriptor: {} {} {}",
                    descriptor.action(),
                    descriptor.directory() == null ? "" : descriptor.directory(),
                    descriptor.reason() == null ? "" : descriptor.reason());
            case TorEvent.OnionDescriptorContent content -> {
                // Nothing that has not been said, but which service it is of.
            }
            case TorEvent.DirectoryDownload download -> log.debug(
                    "{} from {}: {} bytes in {} ms, status {}",
                    download.document(),
                    download.server(),
                    download.bytes(),
                    download.time().toMillis(),
                    download.status());
            case TorEvent.ProxyRequest request -> log.trace("{} {}", request.protocol(), request.command());
            case TorEvent.ServiceStatus service -> log.debug("An onion service of ours: {}", service.action());
            case TorEvent.CircuitChosen chosen -> {
                switch (chosen.outcome()) {
                    case HIT -> hits.incrementAndGet();
                    case WAIT -> waits.incrementAndGet();
                    case MISS -> misses.incrementAndGet();
                }
            }
        }
    }

    private void bootstrap(TorEvent.Bootstrap at) {
        if (at.problem() == null) {
            log.info("Bootstrapped {}% ({}): {}", at.percent(), at.tag(), at.summary());
        } else {
            log.warn("Problem bootstrapping. Stuck at {}% ({}): {}. ({})", at.percent(), at.tag(), at.summary(), at.problem());
        }
    }

    private void clockSkew(Duration skew, String source) {
        if (skew.isZero()) {
            log.info("Our clock agrees with the time of {} again.", source);
            return;
        }
        long seconds = skew.abs().toSeconds();
        log.warn(
                "Our clock is {} minutes, {} seconds {} compared to the time of {}. Tor needs an accurate clock to work: "
                        + "please check your time, timezone and date settings.",
                seconds / 60,
                seconds % 60,
                skew.isNegative() ? "behind" : "ahead",
                source);
    }

    private void clockJumped(TorEvent.ClockJumped jumped) {
        long seconds = jumped.time().abs().toSeconds();
        if (jumped.standstill()) {
            log.info("Tor has been idle for {} seconds; assuming established circuits no longer work.", seconds);
        } else {
            log.info(
                    "Your system clock just jumped {} seconds {}; assuming established circuits no longer work.",
                    seconds,
                    jumped.time().isNegative() ? "backward" : "forward");
        }
    }

    /** A relay that does what it should not: of interest to its operators, and to nobody else. */
    private void noteProtocol(@Nullable TorException failure) {
        if (failure == null || failure.kind() != ErrorKind.PROTOCOL) {
            return;
        }
        if (protocolWarnings) {
            log.warn("A relay broke the protocol: {}", failure.getMessage());
        } else {
            log.debug("A relay broke the protocol: {}", failure.getMessage());
        }
    }

    private void circuit(TorEvent.CircuitStatus circuit) {
        noteProtocol(circuit.reason());
        switch (circuit.status()) {
            case BUILT -> circuitsBuilt.incrementAndGet();
            case FAILED -> circuitsFailed.incrementAndGet();
            default -> {}
        }
        if (log.isTraceEnabled()) {
            log.trace("Circuit {} {} {}", circuit.circuitId(), circuit.purpose(), circuit.status());
        }
    }

    private void stream(TorEvent.StreamStatus stream) {
        switch (stream.status()) {
            case SUCCEEDED -> streamsOpened.incrementAndGet();
            case FAILED -> streamsFailed.incrementAndGet();
            default -> {}
        }
        if (log.isTraceEnabled()) {
            log.trace("Stream {} on circuit {} {}", stream.streamId(), stream.circuitId(), stream.status());
        }
    }

    /** Writes the numbers, for {@code SIGUSR1}. */
    void dump() {
        log.info("Relays in the consensus: {}", relays);
        log.info("Circuits: {} built, {} failed", circuitsBuilt.get(), circuitsFailed.get());
        log.info(
                "Streams found a circuit open {} times, one being built {} times, none {} times",
                hits.get(),
                waits.get(),
                misses.get());
        log.info("Streams: {} opened, {} failed", streamsOpened.get(), streamsFailed.get());
    }
}
