package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases are C tor's, of test_protover.c, where it has them. */
class ProtocolsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Link=1,3 Relay=3 Desc= Cons=9-12,14,15-16 | Link=1,3 Relay=3 Cons=9-12,14-16",
        "Link=1-63 | Link=1-63",
        "Link=0-63 | Link=0-63",
        "Link=63 LinkAuth=0 | Link=63 LinkAuth=0",
        "Link=1,3-7,8 | Link=1,3-8",
        "Link=1 Link=3   Foo=1-2 Fribble= | Link=1,3 Foo=1-2 Fribble="
    })
    void readsListsAndWritesThem(String list, String again) throws ProtocolException {
        assertThat(Protocols.parse(list)).hasToString(again);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "!!3@*", "Link=4 Haprauxymatyve Desc=9", "Link=4 =3 Desc=9", "Link=fred", "Link=1,fred", "Link=1,fred,3",
        "Link=1,9-8,3", "Link=64", "Link=1-64", "Link=-0", "Link=1-", "Link=-1", "Link=,", "Link=1,", "Link=,1",
        "Link=1,,2",
        "Link=+1", "Link=1- 2", "Link=4294967297", "Sleen=1-4294967295", "Li_nk=1", "Link", "Link==1", " Link=1",
        "Foo=64",
        "DoSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1"
    })
    void refusesMalformedLists(String list) {
        assertThatThrownBy(() -> Protocols.parse(list)).isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "'' | ''",
        "Link=3-4 | ''",
        "Link=3-4 Desc=2 | ''",
        "Wombat=9 | Wombat=9",
        "Link=60 | Link=60",
        "Link=3-4 Wombat=9 | Wombat=9",
        "Link=3-60 | Link=6-60",
        "Link=1-3,50-63 | Link=1-2,50-63",
        "Link=1-3,5-12 | Link=1-2,6-12",
        "Link=3,5-12 Quokka=40-41 | Link=6-12 Quokka=40-41",
        "Fribble= | ''",
        "Fribble= Wombat=9 Relay= | Wombat=9"
    })
    void saysWhatIsMissing(String required, String missing) throws ProtocolException {
        Protocols ours = Protocols.parse("Link=3-5 Desc=1-2");
        assertThat(ours.missing(Protocols.parse(required))).isEqualTo(missing);
    }

    @Test
    void weSpeakWhatTheNetworkRequires() throws ProtocolException {
        Protocols required = Protocols.parse("Cons=2 Desc=2 FlowCtrl=1 Link=4 Microdesc=2 Relay=2");
        assertThat(Protocols.OURS.missing(required)).isEmpty();
    }

    /** As tor 0.4.9's authorities recommend to clients. */
    @Test
    void speaksAllThatIsRecommendedButCongestionControl() throws ProtocolException {
        Protocols recommended = Protocols.parse("Cons=2 Desc=2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4 HSRend=2 Link=4-5 "
                + "Microdesc=2 Relay=2-4");
        assertThat(Protocols.OURS.missing(recommended)).isEmpty();
    }

    @Test
    void answersForSingleVersions() throws ProtocolException {
        Protocols list = Protocols.parse("Link=4-6 LinkAuth=3");
        assertThat(list.supports(Protocols.Name.LINK, 3)).isFalse();
        assertThat(list.supports(Protocols.Name.LINK, 4)).isTrue();
        assertThat(list.supports(Protocols.Name.LINK, 6)).isTrue();
        assertThat(list.supports(Protocols.Name.LINK, 7)).isFalse();
        assertThat(list.supports(Protocols.Name.LINK, 68)).isFalse();
        assertThat(list.supports(Protocols.Name.LINK, -1)).isFalse();
        assertThat(list.supports(Protocols.Name.LINK_AUTH, 3)).isTrue();
        assertThat(list.supports(Protocols.Name.RELAY, 3)).isFalse();
        assertThat(Protocols.NONE.supports(Protocols.Name.LINK, 1)).isFalse();
    }
}
