package invreq.support

import invreq.Existing
import invreq.InvoiceRecord
import invreq.InvreqException
import invreq.Network
import invreq.Payee
import invreq.PayeeEvent
import invreq.PayeeOptions
import invreq.PaymentSource
import invreq.Signer
import invreq.Store
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.fail

private var stages = 0

/** A payee with a host of its own, in a world where time stands still unless it is told to go, and everything happens in turn. */
@OptIn(ExperimentalCoroutinesApi::class)
class Stage(
    private val test: TestScope,
    val store: Store = TestStore(),
    val source: PaymentSource = TestSource(),
    val transport: TestTransport = TestTransport(),
    val clock: TestClock = TestClock(),
    val network: Network = Network.BITCOIN,
    val seed: ByteArray = ByteArray(32) { 7 },
    val walletId: String = "main",
    val signer: Signer? = null,
    entropy: invreq.Entropy? = null,
) {
    private val dispatcher = StandardTestDispatcher(test.testScheduler)
    private val calls = CoroutineScope(SupervisorJob() + dispatcher)
    private val dice = entropy ?: dice(++stages)
    lateinit var payee: Payee
    val events = ArrayList<PayeeEvent>()

    suspend fun open(): Stage {
        payee =
            Payee.open(PayeeOptions(network, store, source, transport, seed, signer, walletId, clock, dice, dispatcher))
        calls.launch { payee.events.collect { events += it } }
        settle()
        return this
    }

    /** Lets everything that is ready get on. */
    fun settle() = test.runCurrent()

    /** So much time goes by, in milliseconds. */
    fun go(ms: Long) {
        clock.go(ms)
        settle()
    }

    /** The kinds of the events so far, which are then forgotten. */
    fun kinds(): List<String> = events.map { it.javaClass.simpleName }.also { events.clear() }

    /** Begins a call, and lets it get on. */
    fun <T> call(work: suspend Payee.() -> T): Deferred<T> = calls.async { payee.work() }.also { settle() }

    /** Begins a `sendInvoice` of the refund. */
    fun send(
        label: String,
        expiry: Long? = null,
        timeout: Long? = null,
        existing: Existing = Existing.ERROR,
        again: Boolean = true,
    ): Deferred<InvoiceRecord> {
        val call = call { sendInvoice(REFUND, label, timeout = timeout, expiry = expiry, existing = existing, again = again) }
        // Copies for one peer leave 250 ms apart.
        go(250)
        return call
    }

    suspend fun get(label: String): InvoiceRecord = payee.listInvoices(label = label).page().records.single()

    /** Reports that all of an invoice was received. */
    suspend fun pay(label: String): InvoiceRecord {
        val record = get(label)
        payee.claim(record.paymentHash, record.amountMsat, clock.now)
        return payee.paymentReceived(record.paymentHash, record.amountMsat, clock.now)
    }
}

/** A test on a stage, which is cleared afterwards. */
fun onStage(
    make: (TestScope) -> Stage = { Stage(it) },
    test: suspend Stage.() -> Unit,
) = runTest {
    val stage = make(this).open()
    try {
        stage.test()
    } finally {
        stage.payee.shutdown()
    }
}

/** The error that this throws. */
suspend fun errorOf(work: suspend () -> Any?): InvreqException {
    try {
        work()
    } catch (error: InvreqException) {
        return error
    }
    return fail("nothing was thrown")
}
