package dev.cepa.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cepa.error.ErrorKind;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class IdentitiesTest {
    private static final String HEX = "D867ACF56A9D229B35C25F0090BC9867E906BE69";

    @Test
    void rsaIdentityIsWrittenAsItIsRead() {
        RsaId id = RsaId.ofHex(HEX);
        assertThat(id).hasToString(HEX).isEqualTo(RsaId.ofHex("$" + HEX.toLowerCase(Locale.ROOT)));
        assertThat(id).hasSameHashCodeAs(RsaId.of(id.toBytes())).isNotEqualTo(RsaId.of(new byte[20]));
        assertThat(RsaId.of(Arrays.copyOf(id.toBytes(), 30), 0, 20)).isEqualTo(id);
        assertThat(id.isZero()).isFalse();
        assertThat(RsaId.of(new byte[20]).isZero()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> RsaId.of(new byte[19]));
        assertThatIllegalArgumentException().isThrownBy(() -> RsaId.ofHex(HEX.substring(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> RsaId.ofHex("G" + HEX.substring(1)));
    }

    @Test
    void identitiesDoNotShareTheCallersBytes() {
        byte[] bytes = new byte[32];
        Ed25519Id id = Ed25519Id.of(bytes);
        bytes[0] = 1;
        id.toBytes()[1] = 1;
        assertThat(id.isZero()).isTrue();
        assertThat(id).isEqualTo(Ed25519Id.of(new byte[32])).isNotEqualTo(Ed25519Id.of(bytes));
        assertThat(id).hasToString("A".repeat(43));
        assertThatIllegalArgumentException().isThrownBy(() -> Ed25519Id.of(new byte[33]));
    }

    @Test
    void reasonsKeepTheirCodes() {
        for (EndReason reason : EndReason.values()) {
            assertThat(EndReason.of(reason.code())).isEqualTo(reason);
        }
        assertThat(EndReason.of(0)).isEqualTo(EndReason.MISC);
        assertThat(EndReason.of(255)).isEqualTo(EndReason.MISC);
        assertThat(EndReason.CONNECTREFUSED.code()).isEqualTo(3);
        assertThat(EndReason.NOTDIRECTORY.code()).isEqualTo(14);
        assertThat(EndReason.EXITPOLICY.kind()).isEqualTo(ErrorKind.EXIT_POLICY);
        for (DestroyReason reason : DestroyReason.values()) {
            assertThat(DestroyReason.of(reason.code())).isEqualTo(reason);
        }
        assertThat(DestroyReason.of(-1)).isEqualTo(DestroyReason.NONE);
        assertThat(DestroyReason.of(200)).isEqualTo(DestroyReason.NONE);
        assertThat(DestroyReason.DESTROYED.code()).isEqualTo(11);
    }
}
