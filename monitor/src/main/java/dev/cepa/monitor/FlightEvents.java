package dev.cepa.monitor;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import java.util.Locale;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/**
 * Events of the JDK's Flight Recorder for what lasts in a client, seen with {@code jfr print} and JDK Mission Control:
 * {@code dev.cepa.Bootstrap}, {@code dev.cepa.CircuitBuild}, {@code dev.cepa.CircuitHop}, {@code dev.cepa.Stream},
 * {@code dev.cepa.DescriptorFetch}. Their classes are loaded once something is being recorded. Thread-safe.
 */
public final class FlightEvents implements TorEventListener {
    private final Moments<Moment> moments;

    /**
     * Events for whatever recording runs.
     *
     * @param destinations whether they may tell where streams go, as with {@code SafeLogging 0}
     */
    public FlightEvents(boolean destinations) {
        moments = new Moments<>(new Recorder(), destinations);
    }

    @Override
    public void onEvent(TorEvent event) {
        if (FlightRecorder.isInitialized()) {
            moments.onEvent(event);
        }
    }

    private static final class Recorder implements Moments.Recorder<Moment> {
        @Override
        public Moment begin(Moments.Kind kind, @Nullable Moment parent) {
            Moment moment = switch (kind) {
                case BOOTSTRAP -> new Bootstrap();
                case CIRCUIT_BUILD -> new CircuitBuild();
                case CIRCUIT_HOP -> new CircuitHop();
                case STREAM -> new Stream();
                case DESCRIPTOR_FETCH -> new DescriptorFetch();
            };
            moment.begin();
            return moment;
        }

        @Override
        public void note(Moment moment, String what) {
            // A moment is one event; what happens in it is not recorded.
        }

        @Override
        public void end(Moment moment, Moments.Kind kind, Moments.Details details, @Nullable TorException failure) {
            moment.end();
            if (moment.shouldCommit()) {
                moment.take(details);
                moment.error = failure == null ? "" : failure.kind().label();
                moment.commit();
            }
        }
    }

    /** What they have in common. */
    @Category("Cepa")
    @StackTrace(false)
    abstract static class Moment extends Event {
        @Label("Error")
        @Description("Kind of the error that it ended with; empty if it ended well")
        String error = "";

        abstract void take(Moments.Details details);
    }

    /** From the start to the first circuit. */
    @Name("dev.cepa.Bootstrap")
    @Label("Bootstrap")
    static final class Bootstrap extends Moment {
        @Label("Percent")
        int percent;

        @Override
        void take(Moments.Details details) {
            percent = details.number();
        }
    }

    /** A circuit, until it has all its hops or has failed. */
    @Name("dev.cepa.CircuitBuild")
    @Label("Circuit Build")
    static final class CircuitBuild extends Moment {
        @Label("Circuit")
        long circuit;

        @Label("Purpose")
        String purpose = "";

        @Label("Hops")
        int hops;

        @Override
        void take(Moments.Details details) {
            circuit = details.circuit();
            purpose = details.purpose().toLowerCase(Locale.ROOT);
            hops = details.number();
        }
    }

    /** One hop of it. */
    @Name("dev.cepa.CircuitHop")
    @Label("Circuit Hop")
    static final class CircuitHop extends Moment {
        @Label("Circuit")
        long circuit;

        @Label("Number")
        int number;

        @Label("Relay")
        String relay = "";

        @Override
        void take(Moments.Details details) {
            circuit = details.circuit();
            number = details.number();
            relay = details.relay();
        }
    }

    /** A stream, from when it is asked for to its end. */
    @Name("dev.cepa.Stream")
    @Label("Stream")
    static final class Stream extends Moment {
        @Label("Stream")
        long stream;

        @Label("Circuit")
        long circuit;

        @Label("Kind")
        String kind = "";

        @Label("Destination")
        @Description("Host and port; empty unless SafeLogging is off")
        String destination = "";

        @Override
        void take(Moments.Details details) {
            stream = details.stream();
            circuit = details.circuit();
            kind = details.purpose().toLowerCase(Locale.ROOT);
            destination = details.destination();
        }
    }

    /** An onion service's descriptor, asked of one directory. */
    @Name("dev.cepa.DescriptorFetch")
    @Label("Descriptor Fetch")
    static final class DescriptorFetch extends Moment {
        @Label("Relay")
        String relay = "";

        @Override
        void take(Moments.Details details) {
            relay = details.relay();
        }
    }
}
