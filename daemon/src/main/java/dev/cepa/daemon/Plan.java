package dev.cepa.daemon;

import dev.cepa.TorConfig;
import dev.cepa.daemon.control.ControlPort;
import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A configuration, understood: what the program is to do. Immutable.
 *
 * @param metrics null if there is to be no metrics port
 * @param control empty if there is to be no control port
 * @param warnings what the user should know about how it was understood
 */
record Plan(
        Configuration configuration, TorConfig config, List<LogTarget> logs, List<ServiceLines> services,
        @Nullable MetricsLine metrics, List<ControlPort> control, List<String> warnings) {
    /**
     * Understands a configuration, short of opening anything.
     *
     * @param quiet as {@link CommandLine#quiet}
     * @throws TorException of kind CONFIG that says what is wrong, where
     */
    static Plan of(Configuration configuration, int quiet) throws TorException {
        Settings settings = configuration.settings();
        List<String> warnings = new ArrayList<>();
        ConfigMapper mapper = new ConfigMapper(settings, warnings);
        TorConfig config = mapper.client();
        OpenFiles.require(settings.number("ConnLimit"), OpenFiles.limit());
        List<ServiceLines> services = ServiceLines.readAll(settings);
        MetricsLine metrics = MetricsLine.read(settings, warnings);
        // None of its classes is needed to see that nobody wants it.
        boolean controlled = settings.isSet("ControlPort") || settings.isSet("ControlSocket");
        List<ControlPort> control = controlled ? ControlLines.readAll(settings, warnings) : List.of();
        return new Plan(configuration, config, mapper.logs(quiet), services, metrics, control, warnings);
    }

    Settings settings() {
        return configuration.settings();
    }
}
