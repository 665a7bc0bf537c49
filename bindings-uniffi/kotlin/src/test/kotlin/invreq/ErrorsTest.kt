package invreq

import invreq.support.root
import java.nio.file.Files
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** Every code is the one of docs/errors.md, with its number and its kind. */
class ErrorsTest {
    private class Row(
        val category: String,
        val code: String,
        val number: Int,
        val retry: Boolean,
        val meaning: String,
    )

    private val rows: List<Row> by lazy {
        var category = ""
        Files.readAllLines(root.resolve("docs/errors.md")).mapNotNull { line ->
            if (line.startsWith("## ")) category = line.removePrefix("## ")
            val cells = line.split('|').map { it.trim() }
            if (cells.size != 6 || !cells[1].startsWith('`')) return@mapNotNull null
            Row(category, cells[1].trim('`'), cells[2].toInt(), cells[3] == "yes", cells[4])
        }
    }

    @Test
    fun `the list has every code, and no other`() {
        assertEquals(rows.map { it.code }.toSet(), ErrorCode.entries.map { it.text }.toSet())
    }

    @TestFactory
    fun codes(): List<DynamicTest> =
        rows.map { row ->
            dynamicTest(row.code) {
                val code = ErrorCode.valueOf(row.code.uppercase())
                assertEquals(row.code, code.text)
                assertEquals(row.meaning, code.meaning)
                val cause = RuntimeException("why")
                val error = fail(code, "a sentence for a person", cause)
                assertEquals(row.category, error.javaClass.simpleName)
                assertEquals(row.number to row.retry, error.rpcCode to error.retryable)
                assertEquals("a sentence for a person", error.message)
                assertEquals("a sentence for a person", error.localizedMessage)
                assertSame(cause, error.cause)
                assertSame(code, error.code)
                assertFalse(error.toString().contains("ErrorDetails"), "the data does not stand in the text")
            }
        }
}
