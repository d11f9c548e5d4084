package dev.cepa.daemon;

import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** SLF4J's front of {@link LogOutput}; see {@link Severity} for the levels. Thread-safe. */
final class TorLogger extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;

    private final transient LogOutput output;
    private final int domain;

    TorLogger(String name, LogOutput output) {
        this.name = name;
        this.domain = LogDomains.ofLogger(name);
        this.output = output;
    }

    private static Severity severity(Level level) {
        return switch (level) {
            case ERROR -> Severity.ERR;
            case WARN -> Severity.WARN;
            case INFO -> Severity.NOTICE;
            case DEBUG -> Severity.INFO;
            case TRACE -> Severity.DEBUG;
        };
    }

    @Override
    public boolean isTraceEnabled() {
        return output.wants(Severity.DEBUG);
    }

    @Override
    public boolean isDebugEnabled() {
        return output.wants(Severity.INFO);
    }

    @Override
    public boolean isInfoEnabled() {
        return output.wants(Severity.NOTICE);
    }

    @Override
    public boolean isWarnEnabled() {
        return output.wants(Severity.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return output.wants(Severity.ERR);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            @Nullable String message,
            Object @Nullable [] arguments,
            @Nullable Throwable cause) {
        String text = arguments == null || arguments.length == 0
                ? message
                : MessageFormatter.basicArrayFormat(message, arguments);
        output.write(severity(level), domain, text == null ? "" : text, cause);
    }
}
