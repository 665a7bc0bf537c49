package invreq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import invreq.core.Decoded;
import invreq.core.Delivery;
import invreq.core.ErrorCode;
import invreq.core.InboundPayment;
import invreq.core.InboundPaymentRequest;
import invreq.core.Preview;
import invreq.core.InvoiceRecord;
import invreq.core.SendOutcome;
import invreq.core.Status;
import invreq.support.HostKt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlin.jvm.functions.Function1;
import kotlinx.coroutines.CoroutineScopeKt;
import kotlinx.coroutines.CoroutineStart;
import kotlinx.coroutines.future.FutureKt;
import org.junit.jupiter.api.Test;

/** What a caller in Java sees: plain types, futures by one line of kotlinx.coroutines. */
class JavaCallerTest {
    /** Takes whatever it is given; it answers at once, so it needs to know nothing of coroutines. */
    private static final class Host implements PaymentSource, Transport {
        @Override
        public Object createInboundPayment(InboundPaymentRequest request, Continuation<? super InboundPayment> done) {
            return HostKt.payment(request.getAmountMsat());
        }

        @Override
        public Object send(Delivery delivery, Continuation<? super SendOutcome> done) {
            return SendOutcome.ACCEPTED;
        }
    }

    /** A call of a suspending method as a future. */
    private static <T> CompletableFuture<T> future(Function1<Continuation<? super T>, Object> call) {
        return FutureKt.future(
                CoroutineScopeKt.CoroutineScope(EmptyCoroutineContext.INSTANCE),
                EmptyCoroutineContext.INSTANCE,
                CoroutineStart.DEFAULT,
                (scope, done) -> call.invoke(done));
    }

    private static <T> T await(Function1<Continuation<? super T>, Object> call) throws Exception {
        return future(call).get(20, TimeUnit.SECONDS);
    }

    @Test
    void textIsDescribed() {
        Decoded decoded = Bolt12.decode(HostKt.REFUND);
        assertTrue(decoded.getAnswerable());
        long number = decoded.getFields().get(0).getNumber();
        assertEquals(0L, number);
        InvreqException error = assertThrows(InvreqException.class, () -> Bolt12.verify("lnr1"));
        assertEquals(-32602, error.getRpcCode());
        assertTrue(error instanceof InvreqException.Format);
    }

    @Test
    void anInvoiceIsSentAndPaid() throws Exception {
        Host host = new Host();
        PayeeOptions options = new PayeeOptions(Network.BITCOIN, new MemoryStore(), host, host, new byte[32]);
        try (Payee payee = JavaCallerTest.<Payee>await(done -> Payee.open(options, done))) {
            Preview preview = await(done -> payee.preview(HostKt.REFUND, done));
            assertEquals(20_000_001L, preview.getAmountMsat());
            CompletableFuture<InvoiceRecord> call = future(done -> payee.sendInvoice(HostKt.REFUND, "a", done));
            while (JavaCallerTest.<invreq.core.Page>await(done -> payee.listInvoices().page(done)).getRecords().isEmpty()) {
                Thread.sleep(5);
            }
            InvoiceRecord open = JavaCallerTest.<invreq.core.Page>await(done -> payee.listInvoices().page(done)).getRecords().get(0);
            long now = System.currentTimeMillis() / 1000;
            Verdict verdict = await(done -> payee.judge(open.getPaymentHash(), open.getAmountMsat(), now, done));
            assertTrue(verdict instanceof Verdict.Settle);
            await(done -> payee.paymentReceived(open.getPaymentHash(), open.getAmountMsat(), now, done));
            InvoiceRecord paid = call.get(20, TimeUnit.SECONDS);
            assertEquals(Status.PAID, paid.getStatus());
            assertTrue(Types.toRpc(paid).contains("\"status\":\"paid\""));
        }
    }

    @Test
    void aNegativeAmountIsRefused() throws Exception {
        Host host = new Host();
        PayeeOptions options = new PayeeOptions(Network.BITCOIN, new MemoryStore(), host, host, new byte[32]);
        try (Payee payee = JavaCallerTest.<Payee>await(done -> Payee.open(options, done))) {
            ExecutionException thrown =
                    assertThrows(
                            ExecutionException.class, () -> await(done -> payee.sendInvoice(HostKt.REFUND, "a", -1L, done)));
            assertEquals(ErrorCode.INVALID_PARAMETER, ((InvreqException) thrown.getCause()).getCode());
        }
    }
}
