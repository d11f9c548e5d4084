package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class DebuggerDoorTest {
    @Test
    void shutsAndOpens() throws Exception {
        DebuggerDoor door = DebuggerDoor.find();
        assertThat(door).isNotNull();
        boolean before = door.isOpen();
        try {
            door.set(false);
            assertThat(door.isOpen()).isFalse();
            door.set(true);
            assertThat(door.isOpen()).isTrue();
        } finally {
            door.set(before);
        }
    }
}
