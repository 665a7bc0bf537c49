package invreq.socket

/** One end of a byte stream to another node. */
internal interface Duplex {
    /** How many bytes the system does not have yet. */
    val buffered: Int

    /** Takes bytes to be sent. */
    fun send(bytes: ByteArray)

    /** Ends the stream. Nothing is told after it. */
    fun close()
}

/** What a [Duplex] tells. */
internal interface DuplexEvents {
    /** It is connected. */
    fun opened()

    /** Bytes came in. */
    fun received(bytes: ByteArray)

    /** The system took some of the bytes that were buffered. */
    fun drained()

    /** It is over, or could not be connected; nothing comes after it. */
    fun ended(why: Ended)
}

/** Why a stream ended. */
internal enum class Ended {
    /** For want of a network. */
    OFFLINE,

    /** For a reason of the other side. */
    UNREACHABLE,
}

/** What a kind of stream can do. */
internal interface Dialer {
    /** How long connecting may take, in milliseconds. */
    val timeoutMs: Long

    /** Whether this is an address it can connect to. */
    fun knows(address: String): Boolean

    /** Begins to connect to an address it knows. */
    fun dial(
        address: String,
        events: DuplexEvents,
    ): Duplex
}
