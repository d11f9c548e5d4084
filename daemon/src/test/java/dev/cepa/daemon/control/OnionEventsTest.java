package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.OnionDescriptor.Action;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OnionEventsTest {
    private static final String ADDRESS = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";
    private static final String RELAY = "$AAAABBBBCCCCDDDDEEEEFFFF0000111122223333~relay";
    private static final String INDEX = "AB".repeat(32);

    private static String format(Action action, @Nullable String directory, @Nullable String reason, @Nullable String index) {
        return OnionEvents.format(new OnionDescriptor(action, ADDRESS, directory, "id", reason, index));
    }

    @Test
    void writesDescriptorsOfOthersAsCTorDoes() {
        assertThat(format(Action.REQUESTED, RELAY, null, INDEX))
                .isEqualTo("HS_DESC REQUESTED " + ADDRESS + " NO_AUTH " + RELAY + " id HSDIR_INDEX=" + INDEX);
        assertThat(format(Action.RECEIVED, RELAY, null, null))
                .isEqualTo("HS_DESC RECEIVED " + ADDRESS + " NO_AUTH " + RELAY + " id");
        assertThat(format(Action.FAILED, RELAY, "NOT_FOUND", null))
                .isEqualTo("HS_DESC FAILED " + ADDRESS + " NO_AUTH " + RELAY + " id REASON=NOT_FOUND");
        assertThat(format(Action.FAILED, null, "QUERY_NO_HSDIR", null))
                .isEqualTo("HS_DESC FAILED " + ADDRESS + " NO_AUTH UNKNOWN id REASON=QUERY_NO_HSDIR");
    }

    @Test
    void writesDescriptorsOfOurOwnAsCTorDoes() {
        assertThat(format(Action.CREATED, null, null, null)).isEqualTo("HS_DESC CREATED " + ADDRESS + " UNKNOWN UNKNOWN id");
        assertThat(format(Action.UPLOADING, RELAY, null, INDEX))
                .isEqualTo("HS_DESC UPLOAD " + ADDRESS + " UNKNOWN " + RELAY + " id HSDIR_INDEX=" + INDEX);
        assertThat(format(Action.UPLOADED, RELAY, null, null)).isEqualTo("HS_DESC UPLOADED " + ADDRESS + " UNKNOWN " + RELAY);
        assertThat(format(Action.FAILED, RELAY, "UPLOAD_REJECTED", INDEX))
                .isEqualTo("HS_DESC FAILED " + ADDRESS + " UNKNOWN " + RELAY + " REASON=UPLOAD_REJECTED");
    }
}
