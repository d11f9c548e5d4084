/**
 * Proof of work for onion services, version 1 (proposal 327): puzzles that a service under attack sets those who ask for
 * an introduction. From the bottom up: {@link dev.cepa.onion.pow.Blake2b} and SipHash; HashX, a hash function whose
 * program is drawn anew for each puzzle; Equi-X, which looks for eight inputs whose hashes sum to zero; and Tor's puzzle
 * around it. Stands on {@link dev.cepa.cell} and {@link dev.cepa.error} alone and knows nothing of circuits.
 */
@NullMarked
package dev.cepa.onion.pow;

import org.jspecify.annotations.NullMarked;
