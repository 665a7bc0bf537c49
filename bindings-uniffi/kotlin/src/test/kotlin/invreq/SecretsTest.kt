package invreq

import invreq.core.Answer
import invreq.core.Event
import invreq.core.Exported
import invreq.core.Input
import invreq.core.InvoiceKey
import invreq.core.Outcome
import invreq.core.PaymentReceived
import invreq.core.StoreRead
import invreq.support.NODE
import invreq.support.TestSource
import invreq.support.TestStore
import invreq.support.TestTransport
import invreq.support.hex
import invreq.support.payment
import java.util.Base64
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** What is printed of a value shows no secret that is in it. */
class SecretsTest {
    private val secret = ByteArray(32) { 0xab.toByte() }
    private val hash = "00".repeat(32)
    private val paid = Payment(1, 1, 1, secret)
    private val record =
        InvoiceRecord(
            label = "a label",
            description = "",
            paymentHash = hash,
            invreqId = hash,
            bolt12 = "lni1",
            amountMsat = 1,
            status = Status.PAID,
            claiming = false,
            createdAt = 1,
            expiresAt = 1,
            createdIndex = 1,
            updatedIndex = 1,
            payment = paid,
            delivery = DeliveryReport(DeliveryState.SENT, 1, emptyList(), null),
        )
    private val approval = ClaimApproval(secret, record)
    private val received = PaymentReceived(hash, 1, 1, secret)
    private val entry = Entry("key".encodeToByteArray(), secret)
    private val inbound = payment(1).copy(preimage = secret)
    private val error = fail(ErrorCode.ALREADY_PAID, "it was paid").details.copy(record = record)
    private val node = "02".repeat(33)

    private val values =
        listOf(
            paid,
            record,
            approval,
            received,
            entry,
            inbound,
            error,
            error.toException(),
            Batch(listOf(entry), emptyList(), emptyList(), ByteArray(1), 1),
            Page(listOf(record), null),
            PayeeEvent.Paid(record),
            PayeeEvent.Underpaid(record, 1),
            PayeeEvent.Trouble(error.toException()),
            Verdict.Settle(secret),
            Verdict.Hold(error.toException()),
            Received.InvoiceError(secret, ByteArray(0)),
            PayeeOptions(Network.REGTEST, TestStore(), TestSource(), TestTransport(), secret),
            TcpTransport(Network.REGTEST, mapOf(NODE to listOf("localhost:1")), key = secret),
            Answer.SharedSecret(secret),
            Answer.InboundPayment(inbound),
            Answer.Entries(listOf(entry)),
            StoreRead.Entries(listOf(entry)),
            Outcome.Claim(approval),
            Event.Paid(record),
            Input.PaymentReceived(1, received),
            Input.InvoiceError(secret, ByteArray(0)),
            InvoiceKey.SecretKey(secret),
            Exported.Dump(secret),
        )

    @TestFactory
    fun values(): List<DynamicTest> =
        values.map { value ->
            dynamicTest(value.javaClass.name) {
                val texts = listOfNotNull(value.toString(), (value as? Throwable)?.message, (value as? Throwable)?.stackTraceToString())
                for (text in texts) {
                    assertTrue(text.isNotEmpty())
                    assertFalse(spellings.any { it in text.lowercase() }, text)
                }
            }
        }

    private val spellings =
        listOf(secret.hex().take(8), "-85, -85", "171, 171", Base64.getEncoder().encodeToString(secret).take(8).lowercase())
}
