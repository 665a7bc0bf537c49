// Claims a refund: answers a request, `lnr1…`, and waits until it is paid.
//
//     claim_refund REQUEST WALLET_FILE
//
// Killed at any moment and started again, it takes up where it left off: nothing is paid twice, and nothing is lost.

import invreq.*
import kotlinx.coroutines.*
import mynode.MyNode // your Lightning node or service; the tests have one that plays it

fun main(args: Array<String>): Unit =
    runBlocking {
        val (request, file) = args
        MyNode.connect().use { node ->
            val options =
                PayeeOptions(
                    network = node.network,
                    store = SqliteStore.open(file),
                    source = node, // makes the paths the money comes in by
                    transport = TcpTransport(node.network, directory = node), // takes the invoice to the payer
                    seed = node.seed, // 32 bytes the wallet uses for nothing else
                )
            Payee.open(options).use { payee ->
                launch(Dispatchers.Default) { payee.events.collect { println(it.javaClass.simpleName) } }
                node.serve(payee) // tells the payee of payments: payee.judge(…) and payee.paymentReceived(…)
                val preview = payee.preview(request)
                println("a refund of ${preview.amountMsat} msat: ${preview.description}")
                try {
                    val record = payee.sendInvoice(request, "refund", timeout = 60, expiry = 3600, existing = Existing.JOIN)
                    println("paid: ${record.toRpc()}")
                } catch (error: InvreqException) {
                    println("${error.code.text}: ${error.message}")
                }
            }
        }
    }
