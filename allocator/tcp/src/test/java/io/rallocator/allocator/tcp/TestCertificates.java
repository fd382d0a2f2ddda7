package io.rallocator.allocator.tcp;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;

/** A certificate authority of the test's, and the PEM files of those that it knows. */
final class TestCertificates {
    private final Path folder;
    private final String name;
    private final X509Bundle authority;

    TestCertificates(final Path folder, final String name) throws Exception {
        this.folder = folder;
        this.name = name;
        authority = new CertificateBuilder()
                .ecp256()
                .subject("CN=" + name)
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Files.writeString(trust(), authority.getCertificatePEM());
    }

    /** Makes a certificate of a host, and returns parameters that name its files. */
    String parameters(final String host) throws Exception {
        issue(host);
        return "tls-certificate=" + file(host, "pem") + "&tls-key=" + file(host, "key") + "&tls-trust=" + trust();
    }

    /** The same for a blade. */
    Tls of(final String host) throws Exception {
        issue(host);
        return new Tls(file(host, "pem"), file(host, "key"), trust());
    }

    private void issue(final String host) throws Exception {
        final X509Bundle issued = new CertificateBuilder()
                .ecp256()
                .subject("CN=" + host)
                .addSanDnsName(host)
                .buildIssuedBy(authority);
        Files.writeString(file(host, "pem"), issued.getCertificatePathPEM());
        Files.writeString(file(host, "key"), issued.getPrivateKeyPEM());
    }

    Path trust() {
        return folder.resolve(name + ".trust");
    }

    private Path file(final String host, final String ending) {
        return folder.resolve(name + "-" + host + "." + ending);
    }
}
