package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon's page in Debian's Chromium, while it carries traffic. */
@Timeout(600)
class PageIT {
    private static final String SHOWN_COLOURS = "getComputedStyle(document.body).backgroundColor";

    /** The least contrast of text on its ground (WCAG), over all elements that show any. */
    private static final String LEAST_CONTRAST =
            """
            (() => {
              const parts = (c) => c.match(/[0-9.]+/g).map(Number);
              const light = (c) => { const [r, g, b] = parts(c).map((v) => { v /= 255;
                return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
              const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
              let least = 21;
              for (const e of document.body.querySelectorAll('*')) {
                const shows = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
                if (!shows || e.closest('noscript')) continue;
                const a = light(getComputedStyle(e).color), b = light(ground(e));
                least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
              }
              return least;
            })()
            """;

    @TempDir
    private Path folder;

    private static Thread readSlowly(Socket download) {
        return Thread.startVirtualThread(() -> {
            try {
                InputStream in = download.getInputStream();
                for (int i = 0; in.readNBytes(80_000 + 60_000 * (i / 5 % 3)).length > 0; i++) {
                    Thread.sleep(200);
                }
            } catch (IOException | InterruptedException e) {
                // Closed by the test.
            }
        });
    }

    @Test
    void showsWhatHappensToEverybodyOnEveryScreen() throws Exception {
        Browser.require();
        Path hidden = folder.resolve("hidden");
        try (WebServer web = WebServer.start();
                ReadyDaemon daemon = ReadyDaemon.start(
                        TestNetworks.shared(), folder, List.of(), "SocksPort auto", "MetricsPort auto",
                        "HiddenServiceDir " + hidden, "HiddenServicePort 80 127.0.0.1:" + web.port());
                Socket download = SignalledDaemon.connect(daemon.port("Socks", 0), web.port());
                Browser browser = Browser.start(folder)) {
            download.getOutputStream().write(
                    "GET /bytes/500000000?seed=1 HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            Thread reader = readSlowly(download);
            String service = Files.readString(hidden.resolve("hostname")).strip();
            String url = "http://127.0.0.1:" + daemon.port("Metrics", 0) + "/";
            browser.size(1180, 1050, false);
            browser.colours("light");
            browser.open(url);
            showsTheClient(browser, web, service);
            showsTheLog(browser, daemon);
            browser.await("document.getElementById('graph-read').getAttribute('points').split(' ').length > 20");
            browser.await("/in [0-9.]+ [kM]B\\/s/.test(document.getElementById('rates').textContent)");
            Files.createDirectories(Path.of("target/screenshots"));
            browser.screenshot(Path.of("target/screenshots/page.png"));
            assertThat(Double.parseDouble(browser.evaluate(LEAST_CONTRAST))).as("contrast").isGreaterThan(4.5);
            String light = browser.evaluate(SHOWN_COLOURS);

            browser.colours("dark");
            assertThat(browser.evaluate(SHOWN_COLOURS)).isNotEqualTo(light);
            assertThat(Double.parseDouble(browser.evaluate(LEAST_CONTRAST))).as("contrast in the dark").isGreaterThan(4.5);
            browser.screenshot(Path.of("target/screenshots/page-dark.png"));
            browser.size(360, 740, true);
            assertThat(Integer.parseInt(browser.evaluate("document.documentElement.scrollWidth"))).isLessThanOrEqualTo(360);
            assertThat(browser.evaluate("parseFloat(getComputedStyle(document.body).fontSize) >= 16")).isEqualTo("true");
            browser.screenshot(Path.of("target/screenshots/page-phone.png"));

            canBeUsedByKeyboard(browser);
            tellsScreenReaders(browser);
            assertThat(browser.evaluate("performance.getEntriesByType('resource').filter((r) => !r.name.startsWith(origin)).length"))
                    .as("nothing comes from elsewhere").isEqualTo("0");
            assertThat(browser.complaints()).isEmpty();
            isClosedToOtherSites(browser, url);
            reader.interrupt();
        }
    }

    private static void showsTheClient(Browser browser, WebServer web, String service) throws Exception {
        browser.await("document.getElementById('status-word').textContent === 'up'");
        assertThat(browser.evaluate("document.getElementById('bootstrap').value")).isEqualTo("100");
        browser.await("document.getElementById('circuits').innerText.includes('built in')");
        browser.await("document.querySelectorAll('#circuits td')[2].textContent.split('→').length >= 1");
        String hops = "[...document.querySelectorAll('#circuits tr')].some((r) => r.cells[2].textContent.split(' → ').length === 3)";
        browser.await(hops);
        browser.await("document.getElementById('streams').innerText.includes('[scrubbed]:" + web.port() + "')");
        assertThat(browser.evaluate("document.getElementById('streams').innerText.includes('127.0.0.1')")).isEqualTo("false");
        browser.await("document.getElementById('guards').innerText.includes('up')");
        browser.await("document.getElementById('services').innerText.includes('" + service + "')");
        browser.await("/in [0-9.]+ kB\\/s/.test(document.getElementById('rates').textContent)");
    }

    private static void showsTheLog(Browser browser, ReadyDaemon daemon) throws Exception {
        browser.await("document.getElementById('log').innerText.includes('[notice] Bootstrapped 100% (done): Done')");
        String shown = browser.evaluate("document.querySelector('#log li').textContent.replace(/^.*?\\[/, '[')");
        assertThat(daemon.log()).contains(shown);
        assertThat(browser.evaluate("document.querySelectorAll('#log li.notice').length > 5")).isEqualTo("true");
    }

    private static void canBeUsedByKeyboard(Browser browser) throws Exception {
        browser.evaluate("document.activeElement.blur()");
        browser.key("Tab", 9);
        assertThat(browser.evaluate("document.activeElement.className")).isEqualTo("skip");
        assertThat(browser.evaluate("document.activeElement.getBoundingClientRect().left >= 0")).as("is seen").isEqualTo("true");
        browser.key("Tab", 9);
        assertThat(browser.evaluate("document.activeElement.id")).isEqualTo("pause");
        assertThat(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")).isEqualTo("solid");
        browser.key(" ", 32);
        assertThat(browser.evaluate("document.activeElement.getAttribute('aria-pressed')")).isEqualTo("true");
        String rates = browser.evaluate("document.getElementById('circuits').innerText");
        Thread.sleep(2500);
        assertThat(browser.evaluate("document.getElementById('circuits').innerText")).as("paused").isEqualTo(rates);
        browser.key("Enter", 13);
        assertThat(browser.evaluate("document.activeElement.getAttribute('aria-pressed')")).isEqualTo("false");
        browser.await("document.getElementById('circuits').innerText !== '" + rates + "'");
        for (String next : new String[] {"h-circuits", "h-streams", "h-guards", "h-services", "h-log"}) {
            browser.key("Tab", 9);
            assertThat(browser.evaluate("document.activeElement.getAttribute('aria-labelledby')")).isEqualTo(next);
        }
    }

    private static void tellsScreenReaders(Browser browser) throws Exception {
        String tree = browser.command("Accessibility.getFullAXTree", "{}");
        for (String role : new String[] {"banner", "main", "heading", "progressbar", "status", "table", "columnheader", "log"}) {
            assertThat(tree).contains("\"value\":\"" + role + "\"");
        }
        assertThat(browser.evaluate("document.documentElement.lang")).isEqualTo("en");
        assertThat(browser.evaluate("document.querySelector('#status').getAttribute('aria-live')")).isEqualTo("polite");
        // The graph is described in words, and no state is told by colour alone.
        assertThat(browser.evaluate("document.getElementById(document.getElementById('graph').getAttribute('aria-labelledby'))"
                + ".textContent.includes('in all')")).isEqualTo("true");
    }

    private static void isClosedToOtherSites(Browser browser, String url) throws Exception {
        browser.open("data:text/html,<title>elsewhere</title>");
        browser.await("document.title === 'elsewhere'");
        for (String path : new String[] {"metrics", "health", "events"}) {
            assertThat(browser.evaluate("fetch('" + url + path + "').then((r) => r.text(), (e) => 'refused')"))
                    .isEqualTo("refused");
        }
        assertThat(browser.evaluate("new Promise((r) => { const s = document.createElement('script'); s.src = '" + url
                + "page.js'; s.onload = () => r('loaded'); s.onerror = () => r('refused'); document.head.append(s); })"))
                .isEqualTo("refused");
    }
}
