/**
 * What an application sees: {@link dev.cepa.TorClient}, its {@link dev.cepa.TorConfig} and the {@link dev.cepa.TorSocket}
 * it opens. All other rooms are wired together here and nowhere else.
 */
@NullMarked
package dev.cepa;

import org.jspecify.annotations.NullMarked;
