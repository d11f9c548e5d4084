package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.RelayHandshakes;
import dev.cepa.error.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FixedWindowTest {
    private final HopCrypto crypto = RelayHandshakes.tor1(n -> new byte[n]);
    private final FlowControl flow = new FixedWindow(1);

    private byte[] send(int cells) {
        byte[] tag = new byte[20];
        for (int i = 0; i < cells; i++) {
            assertThat(flow.maySend()).isTrue();
            crypto.originate(3, new byte[509], 0);
            crypto.sentTag(tag);
            flow.dataSent(crypto);
        }
        return tag;
    }

    @Test
    void allowsAThousandCellsAndAHundredMoreWithEachSendme() throws ProtocolException {
        List<byte[]> tags = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            tags.add(send(100));
        }
        assertThat(flow.maySend()).isFalse();
        for (byte[] tag : tags) {
            flow.sendmeReceived(tag, false);
            send(100);
            assertThat(flow.maySend()).isFalse();
        }
    }

    @Test
    void confirmsEachHundredthCellOnly() {
        for (int i = 1; i <= 300; i++) {
            assertThat(flow.nextIsConfirmed()).isEqualTo(i % 100 == 0);
            send(1);
        }
    }

    @Test
    void takesTagsInTheOrderOfTheirCellsOnly() {
        send(100);
        byte[] second = send(100);
        assertThatThrownBy(() -> flow.sendmeReceived(second, false)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void asksForASendmeAfterAHundredCellsAndRefusesMoreThanAThousand() throws ProtocolException {
        for (int i = 1; i <= 1000; i++) {
            assertThat(flow.dataReceived()).isEqualTo(i >= 100);
        }
        assertThatThrownBy(flow::dataReceived).isInstanceOf(ProtocolException.class);
        flow.sendmeSent();
        flow.dataReceived();
    }
}
