package invreq

import invreq.support.root
import java.io.ByteArrayInputStream
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.validation.api.dump
import kotlinx.validation.api.filterOutNonPublic
import kotlinx.validation.api.loadApiFromJvmClasses
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test

/** The public API is the one that is written down: `INVREQ_WRITE_API=1 mvn test -Dtest=ApiTest` writes down what it has become. */
class ApiTest {
    private val file = root.resolve("tests/api/kotlin.txt")

    @Test
    fun `the public API is what it was meant to be`() {
        val api = api()
        if (System.getenv("INVREQ_WRITE_API") != null) Files.writeString(file, api)
        assertEquals(Files.readString(file), api, "tests/api/kotlin.txt")
    }

    @Test
    fun `nobody needs unsigned integers, and Java sees everything`() {
        assertFalse(Regex("kotlin/U(Long|Int|Short|Byte)").containsMatchIn(api()))
        assertEquals(emptyList<String>(), Regex("""fun \S*-\S*""").findAll(api()).map { it.value }.toList())
    }

    private fun api(): String {
        val files = Files.walk(Path.of("target/classes/invreq")).use { paths -> paths.filter { "$it".endsWith(".class") }.toList() }
        val classes = files.asSequence().map { ByteArrayInputStream(Files.readAllBytes(it)) }.loadApiFromJvmClasses()
        val texts = classes.filterOutNonPublic().map { listOf(it).dump(StringBuilder()).toString() }
        val byName = texts.associateBy { NAME.find(it)!!.value }.toSortedMap()
        return byName.filterKeys { !it.startsWith(CORE) || it.removePrefix(CORE).substringBefore('$') in shown() }.values.joinToString("")
    }

    /** The types of the glue that are meant to be seen. The rest of it is nobody's business. */
    private fun shown(): Set<String> {
        val named = Regex("""= invreq\.core\.(\w+)""").findAll(Files.readString(Path.of("src/main/kotlin/invreq/Types.kt")))
        return named.map { it.groupValues[1] }.toSet() + SEALED
    }

    private companion object {
        const val CORE = "invreq/core/"

        /** Those that have no other name, because their variants have classes of their own. */
        val SEALED = setOf("ReplyPath", "Introduction", "StoreError", "Conflict", "ConformanceCheck")

        /** The first name of a class in its text is its own. */
        val NAME = Regex("""invreq/[A-Za-z0-9/$]+""")
    }
}
