package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.CountryFiles;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionParametersTest {
    @Test
    void readsWhatIsAskedFor() throws Exception {
        assertThat(SessionParameters.parse("session=42;exit={de},{fr};lifetime=10m"))
                .isEqualTo(new SessionParameters("{de},{fr}", Duration.ofMinutes(10), false));
        assertThat(SessionParameters.parse("fresh")).isEqualTo(new SessionParameters("", null, true));
        assertThat(SessionParameters.parse("exit=relay1;fresh;session=a=b")).isEqualTo(new SessionParameters("relay1", null, true));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1s, 1", "90s, 90", "2h, 7200", "1d, 86400"})
    void readsLifetimes(String text, long seconds) throws Exception {
        assertThat(SessionParameters.parse("lifetime=" + text).lifetime()).hasSeconds(seconds);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "sesion=1", "session=1;", "session=1;Exit=x", "=1", "session", "session=", "exit=", "fresh=1", "fresh;fresh",
        "session=1;session=2", "exit=a;exit=b", "lifetime=10m;lifetime=1m", "fresh;lifetime=1m", "lifetime=0", "lifetime=x",
        "lifetime=m", "lifetime=-1s", "lifetime=2d", "lifetime=99999999999", "lifetime=1.5m", "", "user",
    })
    void ignoresNothing(String text) {
        assertThatThrownBy(() -> SessionParameters.parse(text))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BAD_REQUEST));
    }

    @ParameterizedTest
    @CsvSource({
        "session=1, true", "fresh, true", "fresh;exit=x, true", "bogus=1, true", "'', false", "user, false", "freshly, false",
        "www.example.com, false",
    })
    void knowsWhichNamesAreMeantToBeParameters(String user, boolean meant) {
        assertThat(SessionParameters.isMeant(user)).isEqualTo(meant);
    }

    @Test
    void makesRequestsOfThem() throws Exception {
        CountryFiles none = new CountryFiles(Path.of("/nonexistent/geoip"), null, CountryFiles.ExcludeUnknown.AUTO);
        Sessions sessions = new Sessions(() -> none);
        IsolationKey key = IsolationKey.group(1).withCredentials("u", "p");
        StreamRequest plain = StreamRequest.to("a.example", 80, key);
        StreamRequest fresh = sessions.apply(SessionParameters.parse("fresh"), plain);
        assertThat(fresh.isolation()).isNotEqualTo(key).isNotEqualTo(sessions.apply(SessionParameters.parse("fresh"), plain).isolation());
        StreamRequest chosen = sessions.apply(SessionParameters.parse("exit=relay1,relay2;lifetime=1m"), plain);
        assertThat(chosen.isolation()).isEqualTo(key);
        assertThat(chosen.lifetime()).hasMinutes(1);
        assertThat(chosen.exits()).isSameAs(sessions.exits("relay1,relay2"));
        for (String bad : new String[] {"{de}", "no_relay", "{xyz}", ","}) {
            assertThatThrownBy(() -> sessions.exits(bad)).hasMessageStartingWith("Session parameters: exit: ");
        }
    }
}
