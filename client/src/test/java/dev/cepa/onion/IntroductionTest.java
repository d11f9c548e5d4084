package dev.cepa.onion;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.LinkSpecifier;
import dev.cepa.error.ProtocolException;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class IntroductionTest {
    /** What a client of C tor sent. */
    private static final byte[] SENT = hex(
            """
            6BD364C12638DD5C3BE23D76ACA05B04E6CE932C0101000100200DE6130E4FCA
            C4EDDA24E21220CC3EADAE403EF6B7D11C8273AC71908DE565450300067F0000
            0113890214F823C4F8CC085C792E0AEE0283FE00AD7520B37D0320728D5DF39B
            7B7077A0118A900FF4456C382F0041300ACF9C58E51C392795EF870000000000
            0000000000000000000000000000000000000000000000000000000000000000
            000000000000000000000000000000000000000000000000000000000000""");

    @Example
    void readsWhatCTorSends() throws Exception {
        Introduction read = Introduction.read(SENT);
        assertThat(read.cookie()).isEqualTo(hex("6BD364C12638DD5C3BE23D76ACA05B04E6CE932C"));
        assertThat(read.extensions()).hasSize(1);
        assertThat(read.extensions().getFirst().type()).isEqualTo(Introduction.Extension.CONGESTION_CONTROL);
        assertThat(read.extensions().getFirst().body()).isEmpty();
        assertThat(read.ntorKey()).startsWith(0x0d, 0xe6, 0x13);
        assertThat(read.specifiers()).hasSize(3);
        assertThat(read.specifiers().get(1)).isInstanceOf(LinkSpecifier.Rsa.class);
    }

    @Example
    void writesTheSameButForPadding() throws Exception {
        byte[] written = Introduction.read(SENT).toBytes();
        assertThat(written).hasSize(Introduction.PADDED).startsWith(java.util.Arrays.copyOf(SENT, 126));
        assertThat(written[Introduction.PADDED - 1]).isZero();
    }

    @Example
    void lengthDoesNotTellWhetherThereIsAProofOfWork() throws Exception {
        Introduction read = Introduction.read(SENT);
        Introduction.Extension proof = new Introduction.Extension(Introduction.Extension.PROOF_OF_WORK, new byte[41]);
        Introduction with = new Introduction(read.cookie(), List.of(proof), read.ntorKey(), read.specifiers());
        assertThat(with.toBytes()).hasSize(Introduction.PADDED);
        assertThat(Introduction.read(with.toBytes())).usingRecursiveComparison().isEqualTo(with);
    }

    @Property(tries = 500)
    void anyBytesAreReadOrRefused(@ForAll @Size(max = 400) byte[] bytes) {
        try {
            Introduction.read(bytes);
        } catch (ProtocolException e) {
            // refused
        }
    }
}
