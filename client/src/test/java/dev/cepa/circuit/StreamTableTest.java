package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamTableTest {
    private final Outlet outlet = new ConfluxOutlet(new SendLock());

    private ResolveStream add(StreamTable table) throws TorException {
        ResolveStream entry = new ResolveStream(outlet);
        table.add(entry);
        return entry;
    }

    @Test
    void idsGoRoundAndAreNeverZeroOrInUse() throws TorException {
        StreamTable table = new StreamTable(100, 0xfffe);
        assertThat(add(table).streamId()).isEqualTo(0xffff);
        assertThat(add(table).streamId()).isEqualTo(1);
        StreamTable again = new StreamTable(100, 0xffff);
        assertThat(add(again).streamId()).isEqualTo(1);
        assertThat(again.find(0)).isNull();
    }

    @Test
    void findsWhatAPlainMapFinds() throws TorException {
        Random random = new Random(5);
        StreamTable table = new StreamTable(4096, random.nextInt());
        Map<Integer, StreamEntry> model = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(3) > 0 && model.size() < 400) {
                ResolveStream entry = add(table);
                assertThat(model.put(entry.streamId(), entry)).isNull();
            } else if (!model.isEmpty()) {
                int id = model.keySet().stream().skip(random.nextInt(model.size())).findFirst().orElseThrow();
                table.remove(id);
                model.remove(id);
            }
            if (i % 500 == 0) {
                for (int id = 0; id < 0x10000; id++) {
                    assertThat(table.find(id)).isSameAs(model.get(id));
                }
            }
        }
        assertThat(table.open()).isEqualTo(model.size());
    }

    @Test
    void halfClosedStreamsKeepTheirIdAndDoNotCount() throws TorException {
        StreamTable table = new StreamTable(1, 1);
        ResolveStream entry = add(table);
        HalfStream half = HalfStream.ofResolve();
        assertThat(table.halfClose(entry.streamId(), entry, half)).isTrue();
        assertThat(table.halfClose(entry.streamId(), entry, half)).isFalse();
        assertThat(table.find(entry.streamId())).isSameAs(half);
        assertThat(table.open()).isZero();
        assertThat(add(table).streamId()).isNotEqualTo(entry.streamId());
        table.remove(entry.streamId());
        assertThat(table.open()).isOne();
    }

    @Test
    void takesNothingOnceClosed() throws TorException {
        StreamTable table = new StreamTable(10, 1);
        ResolveStream entry = add(table);
        assertThat(table.close(new TorException(ErrorKind.CLOSED, "over"))).containsExactly(entry);
        assertThatThrownBy(() -> add(table)).hasMessage("over");
        assertThat(table.find(entry.streamId())).isNull();
    }
}
