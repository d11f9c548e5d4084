package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PromptInputTest {
    private static final SocketOption<Boolean> QUICK_ACK = new SocketOption<>() {
        @Override
        public String name() {
            return "TCP_QUICKACK";
        }

        @Override
        public Class<Boolean> type() {
            return Boolean.class;
        }
    };

    /** A socket that has a megabyte to read, and counts how often it was told to acknowledge at once. */
    private static final class CountingSocket extends Socket {
        private final Set<SocketOption<?>> options;
        private final InputStream in = new ByteArrayInputStream(new byte[1 << 20]);
        private int told;

        CountingSocket(Set<SocketOption<?>> options) throws SocketException {
            super((SocketImpl) null);
            this.options = options;
        }

        @Override
        public InputStream getInputStream() {
            return in;
        }

        @Override
        public Set<SocketOption<?>> supportedOptions() {
            return options;
        }

        @Override
        public <T> Socket setOption(SocketOption<T> name, T value) {
            assertThat((Object) name).isSameAs(QUICK_ACK);
            assertThat(value).isEqualTo(true);
            told++;
            return this;
        }
    }

    @Test
    void hasLittleAcknowledgedAtOnceAndATransferNot() throws Exception {
        CountingSocket socket = new CountingSocket(Set.of(StandardSocketOptions.TCP_NODELAY, QUICK_ACK));
        PromptInput in = new PromptInput(socket);
        byte[] buffer = new byte[32 * 1024];
        for (int i = 1; i <= 4; i++) {
            assertThat(in.read(buffer, 0, 536)).isEqualTo(536);
            assertThat(socket.told).isEqualTo(i);
        }
        assertThat(in.read(buffer, 0, buffer.length)).isEqualTo(buffer.length);
        assertThat(socket.told).isEqualTo(4);
    }

    @Test
    void readsAllThereIsWhereTheSystemKnowsNoSuchOption() throws Exception {
        CountingSocket socket = new CountingSocket(Set.of(StandardSocketOptions.TCP_NODELAY));
        assertThat(new PromptInput(socket).readAllBytes()).hasSize(1 << 20);
        assertThat(socket.told).isZero();
    }

    /** Else all of this would be for nothing. */
    @Test
    void theOptionOfTheJdkIsFoundOnLinux() throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"));
        try (Socket socket = new Socket()) {
            assertThat(socket.supportedOptions()).anyMatch(option ->
                    option.name().equals(QUICK_ACK.name()) && option.type() == Boolean.class);
        }
    }
}
