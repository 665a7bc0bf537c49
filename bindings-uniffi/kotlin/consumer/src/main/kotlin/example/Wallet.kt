package example

import invreq.InboundPayment
import invreq.InboundPaymentRequest
import invreq.InvreqException
import invreq.MemoryStore
import invreq.Network
import invreq.Payee
import invreq.PayeeOptions
import invreq.PaymentSource
import invreq.TcpTransport
import invreq.text
import kotlinx.coroutines.runBlocking

/** A refund of an LDK node. */
const val REFUND =
    "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp" +
        "czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes"

/** A wallet whose node has no paths to give. */
fun firstSuccess(): String {
    val source =
        object : PaymentSource {
            override suspend fun createInboundPayment(request: InboundPaymentRequest): InboundPayment =
                throw UnsupportedOperationException("there are no paths today")
        }
    val options = PayeeOptions(Network.BITCOIN, MemoryStore(), source, TcpTransport(Network.BITCOIN), ByteArray(32) { 1 })
    return runBlocking {
        Payee.open(options).use { payee ->
            val preview = payee.preview(REFUND)
            try {
                payee.sendInvoice(REFUND, "refund", timeout = 5).toString()
            } catch (error: InvreqException) {
                "${preview.amountMsat} msat: ${error.code.text}: ${error.message}"
            }
        }
    }
}
