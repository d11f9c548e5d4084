package dev.cepa.http;

import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** Builds {@link TorHttpClient}s; what can't be done over Tor, or is not built, is refused here and not ignored. */
public final class TorHttpClientBuilder implements HttpClient.Builder {
    final Connector connector;
    @Nullable CookieHandler cookieHandler;
    @Nullable Duration connectTimeout;
    @Nullable SSLContext sslContext;
    @Nullable SSLParameters sslParameters;
    @Nullable Executor executor;
    HttpClient.Redirect redirect = HttpClient.Redirect.NEVER;

    public TorHttpClientBuilder(Connector connector) {
        this.connector = connector;
    }

    @Override
    public TorHttpClientBuilder cookieHandler(CookieHandler handler) {
        cookieHandler = handler;
        return this;
    }

    @Override
    public TorHttpClientBuilder connectTimeout(Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException("connect timeout must be positive, not " + duration);
        }
        connectTimeout = duration;
        return this;
    }

    @Override
    public TorHttpClientBuilder sslContext(SSLContext context) {
        sslContext = context;
        return this;
    }

    @Override
    public TorHttpClientBuilder sslParameters(SSLParameters parameters) {
        sslParameters = parameters;
        return this;
    }

    @Override
    public TorHttpClientBuilder executor(Executor executor) {
        this.executor = executor;
        return this;
    }

    @Override
    public TorHttpClientBuilder followRedirects(HttpClient.Redirect policy) {
        redirect = policy;
        return this;
    }

    /** HTTP/2 is taken as a wish, as the JDK's client does; requests go out as HTTP/1.1. */
    @Override
    public TorHttpClientBuilder version(HttpClient.Version version) {
        return this;
    }

    /** Has no meaning in HTTP/1.1. */
    @Override
    public TorHttpClientBuilder priority(int priority) {
        if (priority < 1 || priority > 256) {
            throw new IllegalArgumentException("priority must be 1 to 256, not " + priority);
        }
        return this;
    }

    /** Refused: the connections are Tor's. */
    @Override
    public TorHttpClientBuilder proxy(ProxySelector selector) {
        throw new UnsupportedOperationException("this client connects through Tor and takes no other proxy");
    }

    /** Refused: send an Authorization header with the request. */
    @Override
    public TorHttpClientBuilder authenticator(Authenticator authenticator) {
        throw new UnsupportedOperationException("authenticators are not supported; set the Authorization header");
    }

    @Override
    public TorHttpClient build() {
        return new TorHttpClient(this);
    }
}
