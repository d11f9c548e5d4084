package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class CircuitTableTest {
    /** Few different ids, so that additions and removals meet. */
    @Property(tries = 200)
    void holdsWhatAMapWouldHold(@ForAll @IntRange(min = -5, max = 5) int[] ids) {
        CircuitTable table = CircuitTable.EMPTY;
        Map<Integer, CircuitHandler> map = new HashMap<>();
        for (int id : ids) {
            CircuitTable before = table;
            int sizeBefore = before.size();
            if (map.containsKey(id)) {
                map.remove(id);
                table = table.without(id);
            } else {
                CircuitHandler handler = new RecordingCircuit();
                map.put(id, handler);
                table = table.without(id).with(id, handler);
            }
            assertThat(before.size()).isEqualTo(sizeBefore);
        }
        assertThat(table.size()).isEqualTo(map.size());
        for (int id = -6; id <= 6; id++) {
            assertThat(table.find(id)).isSameAs(map.get(id));
        }
    }
}
