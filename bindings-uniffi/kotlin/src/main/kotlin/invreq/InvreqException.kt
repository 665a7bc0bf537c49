@file:JvmName("Errors")

package invreq

import invreq.core.BadValue
import invreq.core.Category
import invreq.core.ErrorCodeInfo
import invreq.core.InternalException
import java.nio.charset.CharacterCodingException

/**
 * What went wrong, in a form that a program and a person can both act on.
 *
 * Decide by [code], which never changes, or by the class, which says what kind of thing it is; show [message], whose wording may
 * improve. There is no secret in any of it.
 */
public sealed class InvreqException(
    /** Everything there is to say about it, as plain data. */
    public val details: ErrorDetails,
    cause: Throwable?,
) : Exception(details.message, cause) {
    /** One sentence for a person. */
    override val message: String get() = details.message

    /** The stable code. */
    public val code: ErrorCode get() = details.code

    /** The number Core Lightning uses for this case, or -1 where it has none. */
    public val rpcCode: Int get() = details.rpcCode

    /** The TLV record of the message the error is about, where there is one. */
    public val field: Field? get() = details.field

    /** The broken rule as a stable kebab-case id, where there is one. */
    public val rule: String? get() = details.rule

    /** The place in the BOLTs that states the rule. */
    public val section: String? get() = details.section

    /** Whether the same call may succeed later without any change. */
    public val retryable: Boolean get() = details.retryable

    /** The invoice concerned, where there is one. */
    public val record: InvoiceRecord? get() = details.record

    /** The text or the bytes are not well-formed BOLT 12. */
    public class Format internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)

    /** The message is well-formed, but a rule forbids what it says. */
    public class Rule internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)

    /** A parameter of the call cannot be used. */
    public class Parameter internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)

    /** The record is in a state that does not allow the call. */
    public class State internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)

    /** The invoice could not be delivered, or the payer did not pay in time. */
    public class Delivery internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)

    /** The host's source, signer or store did not do its part. */
    public class Host internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)

    /** A defect of this library. */
    public class Internal internal constructor(details: ErrorDetails, cause: Throwable?) : InvreqException(details, cause)
}

/** The code as it is written in every language and in the list of errors: `no_route`. */
public val ErrorCode.text: String get() = infoOf(this).name

/** What the code means, in one line. */
public val ErrorCode.meaning: String get() = infoOf(this).meaning

/** The error of these details. */
@JvmOverloads
public fun ErrorDetails.toException(cause: Throwable? = null): InvreqException =
    when (infoOf(code).category) {
        Category.FORMAT -> InvreqException.Format(this, cause)
        Category.RULE -> InvreqException.Rule(this, cause)
        Category.PARAMETER -> InvreqException.Parameter(this, cause)
        Category.STATE -> InvreqException.State(this, cause)
        Category.DELIVERY -> InvreqException.Delivery(this, cause)
        Category.HOST -> InvreqException.Host(this, cause)
        Category.INTERNAL -> InvreqException.Internal(this, cause)
    }

private val infos: Map<ErrorCode, ErrorCodeInfo> by lazy { invreq.core.errorCodes().associateBy { it.code } }

private fun infoOf(code: ErrorCode): ErrorCodeInfo = infos.getValue(code)

/** An error with this code and this sentence. */
internal fun fail(
    code: ErrorCode,
    message: String,
    cause: Throwable? = null,
    retryable: Boolean = infoOf(code).retryable,
): InvreqException {
    val info = infoOf(code)
    return ErrorDetails(
        code = code,
        rpcCode = info.rpcCode,
        message = message,
        field = null,
        rule = null,
        section = null,
        retryable = retryable,
        record = null,
    ).toException(cause)
}

/** A parameter cannot be used. */
internal fun invalid(message: String, cause: Throwable? = null): InvreqException = fail(ErrorCode.INVALID_PARAMETER, message, cause)

/** Calls the library. What is no value of its type, and what is no text at all, is a parameter that cannot be used. */
internal inline fun <T> glue(call: () -> T): T =
    try {
        call()
    } catch (error: BadValue.Broken) {
        throw fail(ErrorCode.INTERNAL, "something unexpected: ${error.message}", error)
    } catch (error: BadValue) {
        throw invalid(error.message.orEmpty(), error)
    } catch (error: CharacterCodingException) {
        throw invalid("a text is no well-formed Unicode: it has half of a surrogate pair", error)
    } catch (error: IllegalArgumentException) {
        throw invalid(error.message.orEmpty(), error)
    } catch (error: InternalException) {
        throw fail(ErrorCode.INTERNAL, "something unexpected: ${error.message}", error)
    }

/** What somebody else threw, as a sentence for the error of a call. */
internal fun reasonOf(error: Throwable): String {
    val said = error.message ?: error.javaClass.simpleName
    // Half of a surrogate pair becomes a question mark: it could not cross.
    return said.take(MAX_REASON).encodeToByteArray().decodeToString()
}

private const val MAX_REASON = 1024
