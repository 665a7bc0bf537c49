package invreq

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers

/** What a payee is opened with. */
public class PayeeOptions
    @JvmOverloads
    constructor(
        /** The network the wallet lives on. */
        public val network: Network,
        /** Where invoices are kept. */
        public val store: Store,
        /** Where money comes in. */
        public val source: PaymentSource,
        /** How messages go out. */
        public val transport: Transport,
        /** 32 bytes that the wallet uses for nothing else: a sub-key, never its root. They are copied when the payee is opened. */
        public val seed: ByteArray,
        /** Signs with keys the host keeps, where a call names one. */
        public val signer: Signer? = null,
        /** Tells wallets in one store apart: 1 to 64 letters, digits, `-`, `_` or `.`. */
        public val walletId: String = "main",
        /** The time. */
        public val clock: Clock = SystemClock,
        /** The dice. */
        public val entropy: Entropy = SystemEntropy,
        /** Where everything runs, the host's methods included. A host whose methods block needs one with threads to spare. */
        public val dispatcher: CoroutineDispatcher = Dispatchers.IO,
    )
