package dev.cepa.daemon;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/** Makes SLF4J write through one {@link LogOutput}. Found by SLF4J through META-INF/services. */
public final class TorLogProvider implements SLF4JServiceProvider {
    private final Factory factory = new Factory();
    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter context = new NOPMDCAdapter();

    /** Hands out loggers. Thread-safe. */
    static final class Factory implements ILoggerFactory {
        private final LogOutput output = new LogOutput();
        private final ConcurrentHashMap<String, TorLogger> loggers = new ConcurrentHashMap<>();

        /** Where its loggers write to. */
        LogOutput output() {
            return output;
        }

        @Override
        public Logger getLogger(String name) {
            TorLogger known = loggers.get(name);
            if (known == null) {
                loggers.putIfAbsent(name, new TorLogger(name, output));
                known = loggers.get(name);
            }
            return known;
        }
    }

    /** The output behind this process's loggers; one of its own if another provider has been put first. */
    static LogOutput output() {
        return LoggerFactory.getILoggerFactory() instanceof Factory factory ? factory.output() : new LogOutput();
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return factory;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public @Nullable MDCAdapter getMDCAdapter() {
        return context;
    }

    @Override
    public String getRequestedApiVersion() {
        return "2.0.99";
    }

    @Override
    public void initialize() {}
}
