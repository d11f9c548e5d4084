package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Property(tries = 200)
    void readsWhatItWrites(@ForAll Map<String, List<Double>> numbers, @ForAll List<String> texts, @ForAll boolean flag) {
        Map<String, Object> value = Map.of("numbers", numbers, "texts", texts, "flag", flag);
        assertThat(Json.read(Json.write(value))).isEqualTo(value);
    }

    @Test
    void knowsEveryKindOfValue() {
        assertThat(Json.read(" {\"a\": [1, -2.5e3, true, false, null, {}, []], \"b\": \"\\u0041\\n\\\"\\\\/\"} "))
                .isEqualTo(Map.of("a", Arrays.asList(1.0, -2500.0, true, false, null, Map.of(), List.of()), "b", "A\n\"\\/"));
        assertThat(Json.write(Arrays.asList(1.5, 2.0, 3L, null, Double.NaN, "\u0001")).replaceAll("\\s", ""))
                .isEqualTo("[1.5,2,3,null,null,\"\\u0001\"]");
    }

    @Test
    void refusesWhatIsNoJson() {
        for (String bad : new String[] {"", "{", "[1,", "[1 2]", "{\"a\" 1}", "{\"a\":1,}", "tru", "1 2", "\"\\x\"", "\"\\u12\"",
            "\"\\uzzzz\"", "nul", "--1", "\"", "[".repeat(100_000)}) {
            assertThatThrownBy(() -> Json.read(bad)).as(bad.length() > 20 ? "deep" : bad)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
