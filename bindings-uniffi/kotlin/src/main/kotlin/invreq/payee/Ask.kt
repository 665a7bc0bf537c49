package invreq.payee

import invreq.InboundPayment
import invreq.PaymentSource
import invreq.Route
import invreq.Signer
import invreq.Transport
import invreq.checkBytes
import invreq.checkLong
import invreq.core.Answer
import invreq.core.Answers
import invreq.core.Need
import invreq.core.ReplyPath
import invreq.glue
import invreq.invalid
import invreq.reasonOf
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.selects.select

/** How long a transport may look for a route: timers wait for it. */
private const val SOON_MS = 10_000L

/** How long a source, a signer or a send may take. */
internal const val PATIENCE_MS = 60_000L

/** The most nodes of a way, and addresses of a node. */
private const val MAX_NODES = 32
private const val MAX_PATHS = 64
private const val MAX_HOPS = 255

/** The host took too long. */
internal class Late : Exception("there was no answer in time")

/** What the host supplied, and how it is called: in a coroutine of its own, so that one which never returns holds up nobody. */
internal class Hosts(
    val store: HostStore,
    val source: PaymentSource,
    val transport: Transport,
    val signer: Signer?,
    val time: Time,
    private val scope: CoroutineScope,
    private val dispatcher: CoroutineDispatcher,
) {
    /** What the host gives, if it comes in time. Whatever else it does is an exception that is not one of cancellation. */
    suspend fun <T> within(
        patienceMs: Long,
        work: suspend () -> T,
    ): T {
        val working = scope.async(dispatcher) { work() }
        val late = scope.async { time.wait(patienceMs) }
        try {
            return select {
                working.onAwait { it }
                late.onAwait { throw Late() }
            }
        } catch (error: CancellationException) {
            // Ours, or one that came to nothing in the host: a time limit of its own, for one.
            currentCoroutineContext().ensureActive()
            throw IllegalStateException(reasonOf(error), error)
        } finally {
            working.cancel()
            late.cancel()
        }
    }

    /** What comes at the transport by itself. */
    suspend fun receive() =
        scope.async(dispatcher) { transport.receive() }.let { waiting ->
            try {
                waiting.await()
            } finally {
                waiting.cancel()
            }
        }
}

/** Puts a question to the host, and gives the answer to the engine; whatever the host does, there is one. */
internal suspend fun Hosts.ask(
    need: Need,
    answers: Answers,
) {
    val answer =
        try {
            question(need)
        } catch (error: CancellationException) {
            throw error
        } catch (error: Throwable) {
            Answer.Failed(reasonOf(error))
        }
    try {
        glue { answers.insert(need, answer) }
    } catch (error: Exception) {
        // What only the library can see, such as a point that is not on the curve, is the host's failure as well.
        glue { answers.insert(need, Answer.Failed(reasonOf(error))) }
    } finally {
        wipe(answer)
    }
}

private suspend fun Hosts.question(need: Need): Answer =
    when (need) {
        is Need.Range -> error("the store is asked elsewhere")

        is Need.CreateInboundPayment ->
            Answer.InboundPayment(checked(within(PATIENCE_MS) { source.createInboundPayment(need.v1) }))

        is Need.CanReceive -> Answer.CanReceive(within(SOON_MS) { source.canReceive(need.amountMsat) })

        is Need.ResolveScid -> Answer.NodeId(within(SOON_MS) { transport.resolveScid(need.scid, need.direction) })

        is Need.FindRoute -> Answer.Route(within(SOON_MS) { transport.findRoute(need.nodeId) }?.also(::checkRoute))

        is Need.Ecdh -> Answer.SharedSecret(wiped(within(SOON_MS) { transport.ecdh(need.nodeId, need.point) }, "the shared secret"))

        is Need.Sign -> {
            val signer = signer ?: throw invalid("there is no signer")
            Answer.Signature(checkBytes(within(PATIENCE_MS) { signer.sign(need.v1) }, "the signature", 64))
        }
    }

private fun wiped(
    bytes: ByteArray,
    what: String,
): ByteArray = checkBytes(bytes, what, 32).also { bytes.fill(0) }

/** Our copies of secrets; those of the host are its own. */
private fun wipe(answer: Answer) {
    when (answer) {
        is Answer.SharedSecret -> answer.v1.fill(0)
        is Answer.InboundPayment -> answer.v1.preimage?.fill(0)
        else -> {}
    }
}

private fun checked(payment: InboundPayment): InboundPayment {
    payment.pathsExpireAt?.let { checkLong(it, "pathsExpireAt") }
    checkSize(payment.paths, "paths", MAX_PATHS)
    for ((at, path) in payment.paths.withIndex()) {
        checkSize(path.path.hops, "paths[$at].path.hops", MAX_HOPS)
        checkLong(path.payinfo.htlcMinimumMsat, "paths[$at].payinfo.htlcMinimumMsat")
        checkLong(path.payinfo.htlcMaximumMsat, "paths[$at].payinfo.htlcMaximumMsat")
    }
    return payment.copy(preimage = payment.preimage?.let { checkBytes(it, "preimage", 32) })
}

private fun checkRoute(route: Route) {
    checkSize(route.via, "via", MAX_NODES)
    checkSize(route.connect, "connect", MAX_NODES)
    when (val reply = route.reply) {
        is ReplyPath.Ours -> checkSize(reply.via, "reply.via", MAX_NODES)
        is ReplyPath.Node -> checkSize(reply.via, "reply.via", MAX_NODES)
        else -> {}
    }
}

private fun checkSize(
    list: List<*>,
    what: String,
    most: Int,
) {
    if (list.size > most) throw invalid("$what has to have at most $most entries, not ${list.size}")
}
