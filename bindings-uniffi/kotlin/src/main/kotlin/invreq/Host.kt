/*
 * What a host supplies: where money comes in, how messages go out, the time and the dice.
 *
 * Every method may be called from any thread. One that throws counts as "cannot be told now". When nobody waits for an answer any more, its
 * coroutine is cancelled.
 */
package invreq

import invreq.core.ReplyPath
import java.security.SecureRandom
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay

/**
 * Makes inbound payments: the host's Lightning node or service.
 *
 * Where [createInboundPayment] throws, the call ends with `source_failed`, and its message says why.
 */
public interface PaymentSource {
    /**
     * An inbound payment of this amount, with the paths a payer can reach it by.
     *
     * Take the request's payment hash, or answer with one of your own. It is called after everything else about the request has been
     * checked, and once per call, however often other writers are faster; a call that is made again has another hash. It has a minute.
     *
     * There may be at most 64 paths of at most 255 hops. A preimage is copied: the copy is wiped, and yours is left alone.
     */
    public suspend fun createInboundPayment(request: InboundPaymentRequest): InboundPayment

    /**
     * Whether this much, in msat, could be received now; `null` where the node cannot tell. It has ten seconds. Where it throws, nobody can
     * tell either, and [PayeeEvent.Trouble] says why, with the code `missing_answer`.
     */
    public suspend fun canReceive(amountMsat: Long): Boolean? = null
}

/**
 * Takes invoices to payers: the host's node, or a socket to another one.
 *
 * Where a method throws, [PayeeEvent.Trouble] says why, with the code `missing_answer`.
 */
public interface Transport {
    /** Sends one copy, in whichever of its forms the host's node speaks. It has a minute. */
    public suspend fun send(delivery: Delivery): SendOutcome

    /**
     * The node at one end of a channel, 66 hex digits; `null`, which is final, where there is no such channel. `direction` is 0 for the
     * end with the lesser node id, 1 for the other. It has ten seconds.
     */
    public suspend fun resolveScid(
        scid: Long,
        direction: Int,
    ): String? = null

    /**
     * The way to a node, and how the payer can answer; `null` where there is none. By default every node is taken for a peer, and payers
     * cannot answer. It has ten seconds. A route may name at most 32 nodes each way, and 32 addresses.
     */
    public suspend fun findRoute(nodeId: String): Route? = Route(emptyList(), emptyList(), false, ReplyPath.None)

    /** SHA-256 of the compressed product of a node's private key and a point (BOLT 4, Shared Secret): 32 bytes. They are wiped. */
    public suspend fun ecdh(
        nodeId: String,
        point: String,
    ): ByteArray = throw UnsupportedOperationException("this transport has no node key")

    /**
     * Waits for what comes in at the transport by itself, one message at a time; by default, nothing does. Drop what a short queue does
     * not hold.
     */
    public suspend fun receive(): Received = awaitCancellation()

    /** Gives back what the transport holds. The payee calls it when it is closed. */
    public suspend fun close() {}
}

/** What came in at a transport by itself. */
public sealed class Received {
    /** The payload of message 513, without its type. It came for [nodeId], or for the engine's own reply key. */
    public class OnionMessage
        @JvmOverloads
        constructor(
            public val bytes: ByteArray,
            public val nodeId: String? = null,
        ) : Received()

    /** An `invoice_error` that the host's own messenger opened, with the delivery's `replyPathId`. */
    public class InvoiceError(
        public val replyPathId: ByteArray,
        public val bytes: ByteArray,
    ) : Received()
}

/**
 * Signs invoices with a key the host keeps, for payers who want to know whom they pay. Where it throws, the call ends with
 * `signer_failed`, and its message says why.
 */
public fun interface Signer {
    /** A BIP 340 signature of the digest, 64 bytes, by the key of `request.nodeId`. It has a minute. */
    public suspend fun sign(request: SignRequest): ByteArray
}

/** Tells the time, and waits. */
public interface Clock {
    /** The time, in Unix milliseconds. */
    public fun nowMs(): Long

    /** Waits until it is this late, in Unix milliseconds. It may wake early: then it is asked again. */
    public suspend fun sleepUntil(atMs: Long)
}

/** Throws the dice. */
public fun interface Entropy {
    /** 32 bytes that nobody can guess, new every time. They are wiped. */
    public fun bytes(): ByteArray
}

/** The clock of the system. */
public object SystemClock : Clock {
    override fun nowMs(): Long = System.currentTimeMillis()

    override suspend fun sleepUntil(atMs: Long) {
        // Never for long, so that a clock that was set back and a machine that slept are noticed.
        delay((atMs - nowMs()).coerceIn(0, LONGEST_SLEEP_MS))
    }
}

/** The dice of the system. */
public object SystemEntropy : Entropy {
    private val random by lazy { SecureRandom() }

    override fun bytes(): ByteArray = ByteArray(32).also(random::nextBytes)
}

/** No timer runs longer at a time. */
internal const val LONGEST_SLEEP_MS = 30_000L
