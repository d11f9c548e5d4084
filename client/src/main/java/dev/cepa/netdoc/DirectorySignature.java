package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;

/**
 * One {@code directory-signature} item of a consensus, made with SHA-256; not verified yet.
 *
 * @param authority digest of the authority's identity key, its v3ident
 * @param signingKey digest of the signing key that it used
 * @param signature as long as that key's modulus
 */
record DirectorySignature(RsaId authority, RsaId signingKey, byte[] signature) {}
