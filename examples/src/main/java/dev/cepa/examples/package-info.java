/** Small programs that use the library; {@code cepa demo} among them. */
@NullMarked
package dev.cepa.examples;

import org.jspecify.annotations.NullMarked;
