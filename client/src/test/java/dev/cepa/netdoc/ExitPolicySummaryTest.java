package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExitPolicySummaryTest {
    private final byte[] compact = new byte[4 * 1001];

    private int encode(String summary) {
        byte[] text = Documents.latin1(summary);
        return ExitPolicySummary.encode(text, 0, text.length, compact);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "accept 80,443 | 80 443 | 79 81 442 444 1 65535",
        "accept 80-90 | 80 85 90 | 79 91",
        "accept 1-65535 | 1 65535 | 0",
        "accept 1-5,6,7-9 | 1 5 6 7 9 | 10",
        "reject 25 | 1 24 26 65535 | 25",
        "reject 1-1023,65535 | 1024 65534 | 1 1023 65535",
        "reject 2-65534 | 1 65535 | 2 65534"
    })
    void answersForPorts(String summary, String accepted, String rejected) {
        int length = encode(summary);
        for (String port : accepted.split(" ")) {
            assertThat(ExitPolicySummary.accepts(compact, 0, length, Integer.parseInt(port))).as(port).isTrue();
        }
        for (String port : rejected.split(" ")) {
            assertThat(ExitPolicySummary.accepts(compact, 0, length, Integer.parseInt(port))).as(port).isFalse();
        }
    }

    @Test
    void rejectingEverythingIsTheEmptyForm() {
        assertThat(encode("reject 1-65535")).isZero();
        assertThat(encode("reject 1-100,101-65535")).isZero();
    }

    @Test
    void takesAThousandRangesAndNoMore() {
        StringBuilder summary = new StringBuilder("reject 2");
        for (int i = 2; i <= 1000; i++) {
            summary.append(',').append(2 * i);
        }
        assertThat(encode(summary.toString())).isEqualTo(4 * 1001);
        assertThat(encode(summary.append(",3000").toString())).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "accept", "accept ", "permit 80", "accept 0", "accept 0-10", "accept 65536", "accept 80-79",
        "accept 80,", "accept ,80",
        "accept 80,,81", "accept -80", "accept 80-", "accept 1-2-3", "accept 81,80", "accept 80,80",
        "accept 1-10,10-20",
        "accept 80 443", "accept http", "accept 99999999999", "reject 0-65535"
    })
    void refusesMalformedOnes(String summary) {
        assertThat(encode(summary)).isEqualTo(-1);
    }
}
