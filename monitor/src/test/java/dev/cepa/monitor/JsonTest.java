package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void writesEverythingThatJsonHas() {
        String json = new Json().object().field("a", 1).field("b", "x").array("c").value("y").value(2).object().endObject()
                .endArray().object("d").field("e", true).field("f", (String) null).endObject().field("g", 1.5)
                .field("h", Double.NaN).field("i", 3.0).endObject().toString();
        assertThat(json).isEqualTo("{\"a\":1,\"b\":\"x\",\"c\":[\"y\",2,{}],\"d\":{\"e\":true,\"f\":null},\"g\":1.5,\"h\":\"NaN\",\"i\":3}");
    }

    @Test
    void quotesWhatCouldEndATextOrIsNoCharacter() {
        assertThat(new Json().object().field("k", "\"\\\n\t\u0001\ud800é😀").endObject().toString())
                .isEqualTo("{\"k\":\"\\\"\\\\\\n\\t\\u0001\\ud800é😀\"}");
    }
}
