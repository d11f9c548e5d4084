package dev.cepa;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rooms of docs/architecture.md, and which room may know which. */
class LayeringTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.cepa");

    @Test
    void eachRoomKnowsOnlyTheRoomsBelowIt() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .optionalLayer("client").definedBy("dev.cepa")
                .optionalLayer("proxy").definedBy("dev.cepa.proxy..")
                .optionalLayer("http").definedBy("dev.cepa.http..")
                .optionalLayer("onion").definedBy("dev.cepa.onion..")
                .optionalLayer("pool").definedBy("dev.cepa.pool..")
                .optionalLayer("directory").definedBy("dev.cepa.directory..")
                .optionalLayer("path").definedBy("dev.cepa.path..")
                .optionalLayer("netdoc").definedBy("dev.cepa.netdoc..")
                .optionalLayer("circuit").definedBy("dev.cepa.circuit..")
                .optionalLayer("channel").definedBy("dev.cepa.channel..")
                .optionalLayer("crypto").definedBy("dev.cepa.crypto..")
                .optionalLayer("cell").definedBy("dev.cepa.cell..")
                .optionalLayer("event").definedBy("dev.cepa.event..")
                .optionalLayer("error").definedBy("dev.cepa.error..")
                .whereLayer("client").mayNotBeAccessedByAnyLayer()
                .whereLayer("proxy").mayOnlyBeAccessedByLayers("client")
                .whereLayer("http").mayOnlyBeAccessedByLayers("client")
                .whereLayer("http").mayOnlyAccessLayers("error")
                .whereLayer("onion").mayOnlyBeAccessedByLayers("client")
                .whereLayer("pool").mayOnlyBeAccessedByLayers("client", "proxy", "onion")
                .whereLayer("directory").mayOnlyBeAccessedByLayers("client", "proxy", "onion", "pool")
                .whereLayer("path").mayOnlyBeAccessedByLayers("client", "pool", "directory")
                .whereLayer("netdoc").mayOnlyBeAccessedByLayers("client", "onion", "pool", "directory", "path")
                .whereLayer("circuit").mayOnlyBeAccessedByLayers("client", "proxy", "onion", "pool", "directory")
                .whereLayer("channel").mayOnlyBeAccessedByLayers("client", "onion", "pool", "directory", "circuit")
                .whereLayer("crypto")
                .mayOnlyBeAccessedByLayers(
                        "client", "onion", "pool", "directory", "path", "netdoc", "circuit", "channel")
                .whereLayer("event").mayOnlyAccessLayers("error")
                .whereLayer("error").mayNotAccessAnyLayer()
                .whereLayer("cell").mayOnlyAccessLayers("error")
                .check(CLASSES);
    }

    @Test
    void puzzlesOfOnionServicesKnowNothingOfTheNetwork() {
        noClasses()
                .that().resideInAPackage("dev.cepa.onion.pow..")
                .should().dependOnClassesThat(resideInAPackage("dev.cepa..")
                        .and(resideOutsideOfPackages("dev.cepa.onion.pow..", "dev.cepa.cell..", "dev.cepa.error..")))
                .check(CLASSES);
    }
}
