package dev.cepa.daemon;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The daemon's rooms: the control port knows of the program only the interfaces that it declares itself. */
class RoomsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.cepa.daemon");

    @Test
    void theControlPortDoesNotKnowTheProgram() {
        noClasses().that().resideInAPackage("dev.cepa.daemon.control..")
                .should().dependOnClassesThat(resideInAPackage("dev.cepa.daemon"))
                .check(CLASSES);
    }

    @Test
    void theControlPortDoesNotKnowTheMetricsPort() {
        noClasses().that().resideInAPackage("dev.cepa.daemon.control..")
                .should().dependOnClassesThat(resideInAPackage("dev.cepa.monitor.."))
                .check(CLASSES);
    }
}
