package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplyTest {
    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void marksAllLinesButTheLast() {
        assertThat(text(Reply.ok().bytes())).isEqualTo("250 OK\r\n");
        assertThat(text(Reply.of().line("a=1").line("b=2").bytes())).isEqualTo("250-a=1\r\n250 b=2\r\n");
        assertThat(text(Reply.of().value("a", "x\ny").value("b", "z").done().bytes()))
                .isEqualTo("250+a=\r\nx\r\ny\r\n.\r\n250-b=z\r\n250 OK\r\n");
    }

    @Test
    void doublesDotsAndEndsEveryLineTheSameWay() {
        assertThat(text(Reply.of().data("a=", ".x\n..\r\ny.\n").done().bytes()))
                .isEqualTo("250+a=\r\n..x\r\n...\r\ny.\r\n.\r\n250 OK\r\n");
        assertThat(text(Reply.of().data("a=", "").done().bytes())).isEqualTo("250+a=\r\n\r\n.\r\n250 OK\r\n");
    }

    @Test
    void canNotBeForged() {
        assertThat(text(Reply.error(552, "Unrecognized key \"x\r\n250 OK\"").bytes()))
                .isEqualTo("552 Unrecognized key \"x  250 OK\"\r\n");
    }

    @Test
    void writesEvents() {
        assertThat(text(Reply.event(List.of("BW 1 2")))).isEqualTo("650 BW 1 2\r\n");
        assertThat(text(Reply.event(List.of("CONF_CHANGED", "A=1", "OK")))).isEqualTo("650-CONF_CHANGED\r\n650-A=1\r\n650 OK\r\n");
        assertThat(text(Reply.event("NS", "r x\n"))).isEqualTo("650+NS\r\nr x\r\n.\r\n650 OK\r\n");
    }
}
