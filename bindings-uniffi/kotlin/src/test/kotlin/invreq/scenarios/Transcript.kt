package invreq.scenarios

import kotlinx.coroutines.CompletableDeferred

/**
 * A transcript that grows in the order of the golden one.
 *
 * Whatever goes on at once, a line is written when it is the next one of the golden transcript; until then whoever wrote it waits. So the
 * golden transcript is the schedule, and what never gets its turn is where the runs differ.
 */
class Transcript(
    golden: String,
) {
    private class Waiting(
        val line: () -> String,
        val then: () -> Unit,
    ) {
        val written = CompletableDeferred<Unit>()
    }

    private val golden = golden.split("\n").dropLast(1)
    private val lines = ArrayList<String>()
    private val waiting = ArrayList<Waiting>()

    /** What came before something that had to be written first. */
    private val early = ArrayList<String>()

    /** Writes a line in its turn. */
    suspend fun write(line: String) {
        val at = golden.drop(lines.size).indexOf(line)
        val isAhead = at > 0 && golden.subList(lines.size, lines.size + at).any { WRITE.containsMatchIn(it) }
        if (isAhead) early += line
        write({ line }) {}
    }

    /** Writes a line that is looked at anew until its turn has come; `then` is done at the same moment. */
    suspend fun write(
        line: () -> String,
        then: () -> Unit,
    ) {
        val mine = Waiting(line, then).also { waiting += it }
        move()
        mine.written.await()
    }

    /** Checks that all lines of this action are written, and no more. Everything that can happen has happened. */
    fun finish(action: Int) {
        val end = golden.indexOfFirst { it.startsWith("> ${action + 1} ") }.let { if (it < 0) golden.size else it }
        if (lines.size == end && waiting.isEmpty() && early.isEmpty()) return
        val differs =
            listOf("line ${lines.size + 1} has to be: ${golden.getOrElse(lines.size) { "the end" }}") +
                waiting.map { "there is: ${it.line()}" } + early.map { "too early: $it" }
        throw AssertionError(differs.joinToString("\n  "))
    }

    private fun move() {
        while (true) {
            val next = golden.getOrNull(lines.size) ?: return
            val mine = whose(next) ?: return
            waiting -= mine
            lines += next
            mine.then()
            mine.written.complete(Unit)
        }
    }

    /** Who has this line. Of the events of a payee it is the first that waits, or nobody: they come in their order. */
    private fun whose(turn: String): Waiting? {
        val event = EVENT.find(turn)?.value
        val first = waiting.firstOrNull { if (event == null) it.line() == turn else it.line().startsWith(event) }
        return first?.takeIf { it.line() == turn }
    }

    private companion object {
        val WRITE = Regex("""^(\w )?write """)

        /** How the lines of one payee's events begin. */
        val EVENT = Regex("""^(\w+ )?event """)
    }
}
