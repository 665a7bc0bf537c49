/*
 * What callers and hosts pass, checked before anything of it reaches the library. The library checks what has a meaning; here is what
 * a type of this language lets through and one of the library does not.
 */
package invreq

import invreq.core.Checked

/** The longest text that is read, in characters, without white space around it. */
private const val MAX_STRING = 65_536

/** The longest onion message that is taken in. */
private const val MAX_BYTES = 65_536
private const val MAX_LABEL = 256
internal const val MAX_UINT = 0xffff_ffffL

/** A text of BOLT 12. */
internal fun checkBolt12(text: String): String {
    if (text.length <= MAX_STRING) return text
    // White space around it does not count, however long it is.
    val trimmed = text.trim()
    if (trimmed.length <= MAX_STRING) return trimmed
    // In the library's own words; as much of it as there has to be.
    val checked = glue { invreq.core.verify(trimmed.take(MAX_STRING + 1)) }
    throw (checked as? Checked.Failed)?.error?.toException() ?: fail(ErrorCode.STRING_TOO_LONG, "the text is longer than the limit")
}

internal fun checkLabel(label: String): String {
    if (label.length > MAX_LABEL || hasHalfPair(label)) {
        throw fail(ErrorCode.INVALID_LABEL, "a label must be 1 to 256 bytes of UTF-8 without NUL")
    }
    return label
}

/** An amount, a time or an index. */
internal fun checkLong(
    value: Long,
    what: String,
): Long {
    if (value < 0) throw invalid("$what cannot be less than 0")
    return value
}

/** A number of seconds, or of entries. */
internal fun checkUInt(
    value: Long,
    what: String,
): Long {
    if (value !in 0..MAX_UINT) throw invalid("$what has to be an integer from 0 to $MAX_UINT")
    return value
}

/** A copy of bytes of this length, so that nobody changes them under our hands. */
internal fun checkBytes(
    bytes: ByteArray,
    what: String,
    length: Int,
): ByteArray {
    if (bytes.size != length) throw invalid("$what has to be $length bytes, not ${bytes.size}")
    return bytes.copyOf()
}

/** A copy of what came from outside. */
internal fun checkMessage(bytes: ByteArray): ByteArray {
    if (bytes.size > MAX_BYTES) throw invalid("bytes is longer than $MAX_BYTES bytes")
    return bytes.copyOf()
}

private fun hasHalfPair(text: String): Boolean {
    var at = 0
    while (at < text.length) {
        val isPair = text[at].isHighSurrogate() && at + 1 < text.length && text[at + 1].isLowSurrogate()
        if (text[at].isSurrogate() && !isPair) return true
        at += if (isPair) 2 else 1
    }
    return false
}
