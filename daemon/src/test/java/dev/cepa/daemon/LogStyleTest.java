package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogStyleTest {
    private static LogStyle of(String... lines) throws TorException {
        Settings settings = new Settings(OptionTable.load());
        List<ConfigLine> all = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.split(" ", 2);
            all.add(new ConfigLine(words[0], words[1], ConfigLine.Mode.SET, "torrc", all.size() + 1));
        }
        settings.apply(all, true);
        return LogStyle.of(settings);
    }

    @Test
    void followsEachOptionOfTheFile() throws Exception {
        assertThat(of()).as("tor's defaults").isEqualTo(new LogStyle(1000, false, false, false, ""));
        assertThat(of("LogTimeGranularity 250 msec").granularityMillis()).isEqualTo(250);
        assertThat(of("LogTimeGranularity 2 seconds").granularityMillis()).isEqualTo(2000);
        assertThat(of("LogMessageDomains 1").domains()).isTrue();
        assertThat(of("LogFormat JSON").json()).isTrue();
        assertThat(of("LogFormat text").json()).isFalse();
        assertThat(of("TruncateLogFile 1").truncate()).isTrue();
        assertThat(of("SyslogIdentityTag here").syslogTag()).isEqualTo("here");
        assertThat(of("TruncateLogFile 1", "LogFormat json").withoutTruncation())
                .isEqualTo(new LogStyle(1000, false, true, false, ""));
    }

    @Test
    void theCommandLineSaysHowToWriteFromTheFirstLineOn() throws Exception {
        CommandLine line = CommandLine.parse("--log-format", "json", "SocksPort", "0");
        assertThat(line.firstLogStyle().json()).isTrue();
        assertThat(line.options()).filteredOn(option -> option.key().equals("LogFormat")).singleElement()
                .satisfies(option -> assertThat(option.value()).isEqualTo("json"));
        assertThat(CommandLine.parse("--LogFormat", "json").firstLogStyle().json()).isTrue();
        assertThat(CommandLine.parse("--log-format", "json", "--log-format", "text").firstLogStyle().json()).isFalse();
        assertThat(CommandLine.parse().firstLogStyle()).isEqualTo(LogStyle.DEFAULT);
    }
}
