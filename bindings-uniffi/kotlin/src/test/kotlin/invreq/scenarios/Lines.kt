package invreq.scenarios

import invreq.Batch
import invreq.ClaimApproval
import invreq.Decoded
import invreq.Delivery
import invreq.InboundPaymentRequest
import invreq.InvoiceRecord
import invreq.InvreqException
import invreq.Page
import invreq.PayeeEvent
import invreq.Preview
import invreq.Verdict
import invreq.Verified
import invreq.support.hex
import invreq.text
import invreq.toRpc

/** The lines of a transcript, as tests/scenarios/README.md describes them. */
object Lines {
    /** FNV-1a of 64 bits: what stands for bytes that are too long for a line. */
    fun mark(bytes: ByteArray): String {
        val hash = bytes.fold(0xcbf29ce484222325uL) { hash, byte -> (hash xor byte.toUByte().toULong()) * 0x100000001b3uL }
        return hash.toString(16).padStart(16, '0')
    }

    fun write(batch: Batch): String {
        val puts = batch.puts.map { " +${it.key.hex()}=${mark(it.value)}" }
        val deletes = batch.deletes.map { " -${it.hex()}" }
        val absent = batch.absent.map { " !${it.hex()}" }
        return "write ${batch.revision}" + (puts + deletes + absent).joinToString("")
    }

    fun source(asked: InboundPaymentRequest) =
        asked.run { "ask source $amountMsat $expiresAt $paymentHash $invreqId $label" }

    fun send(of: Delivery): String {
        val packet = "${of.packet.message.size}:${mark(of.packet.message)}"
        val reply = if (of.replyPathId == null) "" else " reply"
        return "send ${of.id} ${of.nodeId} via [${of.via.joinToString(",")}] first ${of.packet.firstHop} " +
            "path ${of.path?.hops?.size ?: "-"} packet $packet invoice ${mark(of.invoice)}$reply ${of.label}"
    }

    fun record(of: InvoiceRecord): String {
        val paths = of.delivery.paths.joinToString(",") { "${word(it.outcome)}:${it.attempts}" }
        val claiming = if (of.claiming) "+claiming" else ""
        val delivery = "${word(of.delivery.state)} ${of.delivery.attempts} [$paths]"
        return listOfNotNull(
            "${of.label} ${word(of.status)}$claiming $delivery created=${of.createdIndex}",
            of.updatedIndex?.let { "updated=$it" },
            of.payment?.let { "paid=${it.payIndex}:${it.amountReceivedMsat}:${it.paidAt}" },
            of.delivery.error?.let {
                "said=${it.receivedAt}:${it.erroneousField ?: "-"}:${it.suggestedValue ?: "-"}:${it.message}"
            },
        ).joinToString(" ")
    }

    fun event(event: PayeeEvent): String {
        val about =
            when (event) {
                is PayeeEvent.Trouble -> error(event.error)
                is PayeeEvent.ClockBehind -> "${event.storedMs} ${event.nowMs}"
                is PayeeEvent.Missed -> "${event.count}"
                is PayeeEvent.Underpaid -> "${event.amountReceivedMsat} ${record(event.record)}"
                else -> record(event.record!!)
            }
        return "event ${event.javaClass.simpleName.replaceFirstChar { it.lowercase() }} $about"
    }

    fun error(of: InvreqException): String =
        listOfNotNull(
            "error ${of.code.text} ${of.rpcCode}",
            of.field?.let { "field=${it.number.toULong()}:${it.name}" },
            of.rule?.let { "rule=$it" },
            if (of.retryable) "retry" else "final",
            of.record?.let { "record ${record(it)}" },
        ).joinToString(" ")

    fun done(of: InvoiceRecord) = "${record(of)} rpc ${of.toRpc()}"

    fun approval(of: ClaimApproval) = "settle ${of.preimage?.hex() ?: "-"} ${record(of.record)}"

    fun verdict(of: Verdict) =
        when (of) {
            is Verdict.Settle -> "settle ${of.preimage?.hex() ?: "-"}"
            is Verdict.Fail -> "fail ${of.error.code.text}"
            is Verdict.Hold -> "hold ${of.error.code.text}"
            is Verdict.Unknown -> "unknown"
        }

    fun page(of: Page) = "page next=${of.next ?: "-"}" + of.records.joinToString("") { " | ${record(it)}" }

    fun preview(of: Preview): String {
        val receivable =
            when (of.receivable) {
                null -> "unknown"
                true -> "receivable"
                false -> "full"
            }
        return "preview ${of.error?.code?.text ?: "answerable"} ${of.amountMsat ?: "-"} ${of.expiresAt ?: "-"} $receivable " +
            "${signed(of.signed)} ${if (of.alreadyAnswered) "answered" else "open"} ${of.description ?: "-"} / ${of.issuer ?: "-"}"
    }

    fun decoded(of: Decoded): String {
        val answerable = if (of.answerable) "answerable" else "not-answerable"
        val fields = of.fields.joinToString(",") { "${it.number.toULong()}:${it.length}" }
        val warnings = of.warnings.joinToString("") { " warning=${it.code}" }
        return "${word(of.kind)} ${signed(of.signed)} ${of.id ?: "-"} $answerable problem=${of.problem?.code ?: "-"} fields=$fields$warnings"
    }

    fun verified(of: Verified) = "${word(of.kind)} ${signed(of.signed)} ${of.nodeId ?: "-"} ${of.id ?: "-"}"

    private fun signed(isSigned: Boolean) = if (isSigned) "signed" else "unsigned"

    private fun word(of: Enum<*>) = of.name.lowercase()
}
